import { and, count, desc, eq, exists, gt, inArray, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Database } from '../../../platform/storage/d1.ts'
import { user } from '../../user/tables.ts'
import { type FriendRequestRow, friendRequest } from '../tables.ts'
import { befriendStatements, type Origin, type Window } from './friends.ts'

export const HandleResult = { Pending: 0, Agreed: 1, Refused: -1 } as const
export type HandleResult = (typeof HandleResult)[keyof typeof HandleResult]

/** A request with how the two show themselves now. */
export interface FriendRequestWithUsers {
  request: FriendRequestRow
  from: Profile
  to: Profile
}

interface Profile {
  nickname: string
  faceURL: string
}

const sender = alias(user, 'sender')
const receiver = alias(user, 'receiver')

const isRequest = (fromUserID: string, toUserID: string) =>
  and(eq(friendRequest.fromUserID, fromUserID), eq(friendRequest.toUserID, toUserID))

/** A request that was made before is made anew: pending, whatever came of it then. */
export async function putRequest(db: Database, row: FriendRequestRow): Promise<void> {
  const { fromUserID: _from, toUserID: _to, ...set } = row
  await db
    .insert(friendRequest)
    .values(row)
    .onConflictDoUpdate({ target: [friendRequest.fromUserID, friendRequest.toUserID], set })
}

export async function findRequest(
  db: Database,
  fromUserID: string,
  toUserID: string,
): Promise<FriendRequestWithUsers | null> {
  const [row] = await withUsers(db, isRequest(fromUserID, toUserID))
  return row ?? null
}

/** The requests between two users, in either direction. */
export function requestsBetween(db: Database, a: string, b: string): Promise<FriendRequestWithUsers[]> {
  return withUsers(db, or(isRequest(a, b), isRequest(b, a)))
}

/** One side's requests, newest first; of the given results only, unless there are none given. */
export async function requestPage(
  db: Database,
  side: { fromUserID: string } | { toUserID: string },
  handleResults: readonly number[],
  window: Window,
): Promise<{ total: number; rows: FriendRequestWithUsers[] }> {
  const where = and(
    'fromUserID' in side ? eq(friendRequest.fromUserID, side.fromUserID) : eq(friendRequest.toUserID, side.toUserID),
    handleResults.length === 0 ? undefined : inArray(friendRequest.handleResult, [...new Set(handleResults)]),
  )
  // Not one batch: there D1 gives rows by the names of their columns, and sender and receiver have the same.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(friendRequest).where(where),
    withUsers(db, where).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** How many requests to a user are pending that were made after a moment (ms). */
export async function countPending(db: Database, toUserID: string, after: number): Promise<number> {
  const [counted] = await db
    .select({ total: count() })
    .from(friendRequest)
    .where(
      and(
        eq(friendRequest.toUserID, toUserID),
        gt(friendRequest.createTime, after),
        eq(friendRequest.handleResult, HandleResult.Pending),
      ),
    )
  return counted?.total ?? 0
}

/** What is written about a request that is answered. */
export type Answer = Pick<FriendRequestRow, 'handlerUserID' | 'handleMsg' | 'handleTime'>

/**
 * The request, and one the other way that is pending, are agreed to, and the two are friends: all of it or nothing.
 * @returns false when the request was answered meanwhile, and nothing of this is done
 */
export async function agree(
  db: Database,
  fromUserID: string,
  toUserID: string,
  answer: Answer,
  origin: Origin,
): Promise<boolean> {
  const agreed = { handleResult: HandleResult.Agreed, ...answer }
  const pending = and(isRequest(fromUserID, toUserID), isPending)
  const stillPending = exists(db.select({ one: sql`1` }).from(friendRequest).where(pending))
  const results = await db.batch([
    // First the friends: with the next statement nothing is pending any more.
    ...befriendStatements(db, fromUserID, [toUserID], origin, stillPending),
    db
      .update(friendRequest)
      .set(agreed)
      .where(and(isRequest(toUserID, fromUserID), isPending, stillPending)),
    answerStatement(db, fromUserID, toUserID, agreed),
  ])
  const answered = results.at(-1)
  return Array.isArray(answered) && answered.length > 0
}

const isPending = eq(friendRequest.handleResult, HandleResult.Pending)

/** @returns false when the request was answered meanwhile */
export async function refuse(db: Database, fromUserID: string, toUserID: string, answer: Answer): Promise<boolean> {
  const refused = await answerStatement(db, fromUserID, toUserID, { handleResult: HandleResult.Refused, ...answer })
  return refused.length > 0
}

/** Answers one row, or none when the request is not pending. */
function answerStatement(
  db: Database,
  fromUserID: string,
  toUserID: string,
  answer: Answer & { handleResult: HandleResult },
) {
  return db
    .update(friendRequest)
    .set(answer)
    .where(and(isRequest(fromUserID, toUserID), isPending))
    .returning({ toUserID: friendRequest.toUserID })
}

function withUsers(db: Database, where: SQL | undefined) {
  return db
    .select({
      request: friendRequest,
      from: { nickname: sender.nickname, faceURL: sender.faceURL },
      to: { nickname: receiver.nickname, faceURL: receiver.faceURL },
    })
    .from(friendRequest)
    .innerJoin(sender, eq(sender.userID, friendRequest.fromUserID))
    .innerJoin(receiver, eq(receiver.userID, friendRequest.toUserID))
    .where(where)
    .orderBy(desc(friendRequest.createTime), desc(friendRequest.fromUserID), desc(friendRequest.toUserID))
}
