import { and, count, desc, eq, exists, gt, inArray, not, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Database } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { insertRows } from '../../../platform/storage/upsert-rows.ts'
import { HandleResult } from '../../../protocol/constants/handle-result.ts'
import { user } from '../../user/tables.ts'
import { type FriendRequestRow, friendRequest } from '../tables.ts'
import { areFriends, befriendStatements, type Origin } from './friends.ts'

/** A request with the current names and faces of both users. */
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

/**
 * Stores a request. It replaces an earlier one in the same direction, even if that was answered.
 * @returns false when the two users are friends
 */
export async function putRequest(db: Database, row: FriendRequestRow): Promise<boolean> {
  const { fromUserID, toUserID, ...set } = row
  const stored = await insertRows(db, friendRequest, [row], not(areFriends(db, fromUserID, toUserID)))
    .onConflictDoUpdate({ target: [friendRequest.fromUserID, friendRequest.toUserID], set })
    .returning({ toUserID: friendRequest.toUserID })
  return stored.length > 0
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

/** A page of the requests that a user made or received, with one of the given results ([]: any), newest first. */
export async function requestPage(
  db: Database,
  side: { fromUserID: string } | { toUserID: string },
  handleResults: readonly number[],
  window: PageWindow,
): Promise<{ total: number; rows: FriendRequestWithUsers[] }> {
  const where = and(
    'fromUserID' in side ? eq(friendRequest.fromUserID, side.fromUserID) : eq(friendRequest.toUserID, side.toUserID),
    handleResults.length === 0 ? undefined : inArray(friendRequest.handleResult, [...new Set(handleResults)]),
  )
  // No batch: it returns rows as objects keyed by column name, and sender and receiver have the same column names.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(friendRequest).where(where),
    withUsers(db, where).limit(window.limit).offset(window.offset),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** Counts the pending requests to a user that were made after a time (ms). */
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

/** The fields of a request that an answer sets. */
export type Answer = Pick<FriendRequestRow, 'handlerUserID' | 'handleMsg' | 'handleTime'>

/**
 * Agrees to the request and to a pending one in the other direction, and makes the two users friends, all or nothing.
 * @returns false when the request was answered meanwhile; then no request and no friend-list entry changes
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
    // The friends first: after the next statements the request is not pending any more.
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

/** The statement returns one row, or no row when the request is not pending. */
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
