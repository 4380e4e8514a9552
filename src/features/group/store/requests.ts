import { and, asc, count, desc, eq, getTableColumns, gt, gte, inArray, type SQL } from 'drizzle-orm'
import type { JoinAnswer } from '../../../contracts/group-change.ts'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import type { PageWindow } from '../../../platform/storage/page-window.ts'
import { upsertRows } from '../../../platform/storage/upsert-rows.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { HandleResult } from '../../../protocol/constants/handle-result.ts'
import { ImError } from '../../../protocol/errors.ts'
import { user } from '../../user/tables.ts'
import { type GroupRequestRow, group, groupMember, groupRequest, type JoinRequest } from '../tables.ts'

/**
 * Selects the requests to all groups that a user manages, the requests to the given groups, or a user's own requests to
 * the given groups ([]: to all groups).
 */
export type RequestSide =
  | { managerUserID: string }
  | { groupIDs: readonly string[] }
  | { userID: string; groupIDs: readonly string[] }

/** A page of requests with one of the given results ([]: with any), newest first. */
export async function requestPage(
  db: Database,
  side: RequestSide,
  handleResults: readonly number[],
  window: PageWindow,
): Promise<{ total: number; rows: JoinRequest[] }> {
  const where = and(
    isOnSide(db, side),
    handleResults.length === 0 ? undefined : isAmong(groupRequest.handleResult, handleResults),
  )
  // No batch: it returns rows as objects keyed by column name, and the joined tables share some column names.
  const [counted, rows] = await Promise.all([
    db.select({ total: count() }).from(groupRequest).where(where),
    withGroupAndUser(db, where, window),
  ])
  return { total: counted[0]?.total ?? 0, rows }
}

/** The requests of the given users to one group. */
export function requestsTo(db: Database, groupID: string, userIDs: readonly string[]): Promise<JoinRequest[]> {
  const where = and(eq(groupRequest.groupID, groupID), isAmong(groupRequest.userID, userIDs))
  return withGroupAndUser(db, where, { offset: 0, limit: userIDs.length })
}

/** Counts the pending requests to the groups that a user manages that were made after a time (ms). */
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

/** Selects the page first, so that the query reads only the groups and users of its rows. */
function withGroupAndUser(db: Database, where: SQL | undefined, window: PageWindow): Promise<JoinRequest[]> {
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
export async function findRequest(db: Database, groupID: string, userID: string): Promise<JoinRequest | null> {
  const [request] = await requestsTo(db, groupID, [userID])
  return request ?? null
}

/**
 * Writes any number of requests in one statement. A request replaces the user's earlier one, even if it was answered.
 */
export async function putRequests(db: Database, rows: readonly GroupRequestRow[]): Promise<void> {
  await upsertRows(db, groupRequest, rows, [groupRequest.groupID, groupRequest.userID])
}

/** The row of a new, pending request. */
export function newRequest(
  given: Pick<GroupRequestRow, 'groupID' | 'userID' | 'reqMsg' | 'reqTime' | 'joinSource' | 'inviterUserID' | 'ex'>,
): GroupRequestRow {
  return { handleResult: HandleResult.Pending, handleUserID: '', handledMsg: '', handledTime: 0, ...given }
}

/** @throws ImError 1206 when the user's request is not pending any more */
export async function requirePendingRequest(db: Database, groupID: string, userID: string): Promise<void> {
  const [pending] = await db
    .select({ userID: groupRequest.userID })
    .from(groupRequest)
    .where(and(isRequest(groupID, userID), eq(groupRequest.handleResult, HandleResult.Pending)))
  if (!pending) throw requestAnsweredBefore(userID)
}

export function requestAnsweredBefore(userID: string): ImError {
  return ImError.groupRequestHandled(`the request of ${userID} was answered before`)
}

/**
 * Returns the statement that stores an answer, for the batch that changes the group. It has no condition, so that it can
 * be repeated: the group's ConversationObject carries out one change at a time and has checked the request before.
 */
export function answerStatement(db: Database, groupID: string, { userID, ...set }: JoinAnswer) {
  return db.update(groupRequest).set(set).where(isRequest(groupID, userID))
}

function isRequest(groupID: string, userID: string): SQL | undefined {
  return and(eq(groupRequest.groupID, groupID), eq(groupRequest.userID, userID))
}
