import { and, asc, count, desc, eq, getTableColumns, gt, gte, inArray, type SQL, sql } from 'drizzle-orm'
import type { JoinAnswer } from '../../../contracts/group-change.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { type UserRow, user } from '../../user/tables.ts'
import { type GroupRequestRow, type GroupRow, group, groupMember, groupRequest } from '../tables.ts'
import type { Window } from './groups.ts'

export const HandleResult = { Pending: 0, Agreed: 1, Refused: -1 } as const

/** A request with the group and the user who is to join it, as they are now. */
export interface GroupRequestWithBoth {
  request: GroupRequestRow
  group: GroupRow
  user: Pick<UserRow, 'userID' | 'nickname' | 'faceURL' | 'ex'>
}

/** Whose requests: those to groups that a user manages, to certain groups, or a user's own to certain groups or, for [], to all. */
export type RequestSide =
  | { managerUserID: string }
  | { groupIDs: readonly string[] }
  | { userID: string; groupIDs: readonly string[] }

/** Requests, newest first; of the given results only, unless there are none given. */
export async function requestPage(
  db: Database,
  side: RequestSide,
  handleResults: readonly number[],
  window: Window,
): Promise<{ total: number; rows: GroupRequestWithBoth[] }> {
  const where = and(
    isOnSide(db, side),
    handleResults.length === 0 ? undefined : isAmong(groupRequest.handleResult, handleResults),
  )
  // Not one batch: there D1 gives rows by the names of their columns, and the tables have some names in common.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(groupRequest).where(where),
    withBoth(db, where, window),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** The requests of certain users to one group. */
export function requestsTo(db: Database, groupID: string, userIDs: readonly string[]): Promise<GroupRequestWithBoth[]> {
  const where = and(eq(groupRequest.groupID, groupID), isAmong(groupRequest.userID, userIDs))
  return withBoth(db, where, { offset: 0, limit: userIDs.length })
}

/** How many requests to the groups that a user manages are pending that were made after a moment (ms). */
export async function countPending(db: Database, managerUserID: string, after: number): Promise<number> {
  const [counted] = await db
    .select({ total: count() })
    .from(groupRequest)
    .where(
      and(
        isOnSide(db, { managerUserID }),
        eq(groupRequest.handleResult, HandleResult.Pending),
        gt(groupRequest.reqTime, after),
      ),
    )
  return counted?.total ?? 0
}

function isOnSide(db: Database, side: RequestSide): SQL | undefined {
  if ('managerUserID' in side) {
    const managed = db
      .select({ groupID: groupMember.groupID })
      .from(groupMember)
      .where(and(eq(groupMember.userID, side.managerUserID), gte(groupMember.roleLevel, GroupRole.Admin)))
    return inArray(groupRequest.groupID, managed)
  }
  const toGroups = isAmong(groupRequest.groupID, side.groupIDs)
  if (!('userID' in side)) return toGroups
  return and(eq(groupRequest.userID, side.userID), side.groupIDs.length === 0 ? undefined : toGroups)
}

const NEWEST_FIRST: SQL[] = [desc(groupRequest.reqTime), desc(groupRequest.groupID), asc(groupRequest.userID)]

/** The page is found first, so that groups and users are read for its rows alone. */
function withBoth(db: Database, where: SQL | undefined, window: Window): Promise<GroupRequestWithBoth[]> {
  const page = db
    .select({ groupID: groupRequest.groupID, userID: groupRequest.userID })
    .from(groupRequest)
    .where(where)
    .orderBy(...NEWEST_FIRST)
    .limit(window.limit)
    .offset(window.offset)
    .as('page')
  return db
    .select({ request: getTableColumns(groupRequest), group: getTableColumns(group), user: getTableColumns(user) })
    .from(page)
    .crossJoin(groupRequest)
    .innerJoin(group, eq(group.groupID, groupRequest.groupID))
    .innerJoin(user, eq(user.userID, groupRequest.userID))
    .where(and(eq(groupRequest.groupID, page.groupID), eq(groupRequest.userID, page.userID)))
    .orderBy(...NEWEST_FIRST)
}

/** One user's request to one group, or null. */
export async function findRequest(db: Database, groupID: string, userID: string): Promise<GroupRequestWithBoth | null> {
  const [request] = await requestsTo(db, groupID, [userID])
  return request ?? null
}

/**
 * Writes any number of requests, in one statement. A request that was made before is made anew: pending, whatever came
 * of it then.
 */
export async function putRequests(db: Database, rows: readonly GroupRequestRow[]): Promise<void> {
  const field = (name: keyof GroupRequestRow): SQL => sql`value ->> ${name}`
  await db
    .insert(groupRequest)
    .select(
      sql`SELECT ${field('groupID')}, ${field('userID')}, ${field('handleResult')}, ${field('reqMsg')},
          ${field('reqTime')}, ${field('handleUserID')}, ${field('handledMsg')}, ${field('handledTime')},
          ${field('joinSource')}, ${field('inviterUserID')}, ${field('ex')}
        FROM json_each(${JSON.stringify(rows)}) WHERE true`,
    )
    .onConflictDoUpdate({
      target: [groupRequest.groupID, groupRequest.userID],
      set: {
        handleResult: sql`excluded.handle_result`,
        reqMsg: sql`excluded.req_msg`,
        reqTime: sql`excluded.req_time`,
        handleUserID: sql`excluded.handle_user_id`,
        handledMsg: sql`excluded.handled_msg`,
        handledTime: sql`excluded.handled_time`,
        joinSource: sql`excluded.join_source`,
        inviterUserID: sql`excluded.inviter_user_id`,
        ex: sql`excluded.ex`,
      },
    })
}

/** A request as it is made: nobody has answered it. */
export function newRequest(
  given: Pick<GroupRequestRow, 'groupID' | 'userID' | 'reqMsg' | 'reqTime' | 'joinSource' | 'inviterUserID' | 'ex'>,
): GroupRequestRow {
  return { handleResult: HandleResult.Pending, handleUserID: '', handledMsg: '', handledTime: 0, ...given }
}

/**
 * Notes the answer to a request that changes nothing about the group.
 * @returns false when somebody else has answered meanwhile
 */
export async function answerRequest(db: Database, groupID: string, { userID, ...set }: JoinAnswer): Promise<boolean> {
  const answered = await db
    .update(groupRequest)
    .set(set)
    .where(and(isRequest(groupID, userID), eq(groupRequest.handleResult, HandleResult.Pending)))
    .returning({ userID: groupRequest.userID })
  return answered.length > 0
}

/** The statement that notes an answer, for one batch with the change of the group. */
export function answerStatement(db: Database, groupID: string, { userID, ...set }: JoinAnswer) {
  return db.update(groupRequest).set(set).where(isRequest(groupID, userID))
}

function isRequest(groupID: string, userID: string): SQL | undefined {
  return and(eq(groupRequest.groupID, groupID), eq(groupRequest.userID, userID))
}
