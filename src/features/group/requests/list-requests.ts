import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import { existingUser } from '../../user/access.ts'
import { accessGroup, accessGroups, groupNotFound } from '../access.ts'
import type {
  GetGroupApplicationUnhandledCountReq,
  GetGroupUsersReqApplicationListReq,
  GetRecvGroupApplicationListReq,
  GetSpecifiedUserGroupRequestInfoReq,
  GetUserReqGroupApplicationListReq,
  GroupRequestInfo,
} from '../schema.ts'
import { countPending, requestPage, requestsTo } from '../store/requests.ts'
import { groupRequestInfo } from '../wire.ts'

/** Lists the requests to join the given groups; without groupIDs, all groups that the user owns or administrates. */
export async function getRecvGroupApplicationList(
  ctx: CallerContext,
  { fromUserID, groupIDs, handleResults, pagination }: z.output<typeof GetRecvGroupApplicationListReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] }> {
  requireSelfOrAdmin(ctx, fromUserID)
  const named = [...new Set(groupIDs)]
  await accessGroups(ctx, named, 'admin', groupNotFound)
  const side = named.length === 0 ? { managerUserID: fromUserID } : { groupIDs: named }
  const { total, rows } = await requestPage(ctx.db, side, handleResults, pageWindow(pagination))
  return { total, groupRequests: rows.map(groupRequestInfo) }
}

/** Lists the user's own requests to join groups. */
export async function getUserReqGroupApplicationList(
  ctx: CallerContext,
  { userID, groupIDs, handleResults, pagination }: z.output<typeof GetUserReqGroupApplicationListReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] }> {
  requireSelfOrAdmin(ctx, userID)
  await existingUser(ctx, userID)
  const { total, rows } = await requestPage(ctx.db, { userID, groupIDs }, handleResults, pageWindow(pagination))
  return { total, groupRequests: rows.map(groupRequestInfo) }
}

/** Lists the requests of the given users to join the group; users without a request are left out. */
export async function getGroupUsersReqApplicationList(
  ctx: CallerContext,
  { groupID, userIDs }: z.output<typeof GetGroupUsersReqApplicationListReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] }> {
  await accessGroups(ctx, [groupID], 'admin', groupNotFound)
  const rows = await requestsTo(ctx.db, groupID, userIDs)
  return { total: rows.length, groupRequests: rows.map(groupRequestInfo) }
}

/** Returns the request of one user, to that user and to the managers of the group. */
export async function getSpecifiedUserGroupRequestInfo(
  ctx: CallerContext,
  { groupID, userID }: z.output<typeof GetSpecifiedUserGroupRequestInfoReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] | null }> {
  if (ctx.caller.userID !== userID) await accessGroup(ctx, groupID, 'admin')
  const rows = await requestsTo(ctx.db, groupID, [userID])
  // OpenIM: null without a request. When a manager is notified of an answer, the JS SDK asks about the wrong user. It
  // would take an empty list for a request without content and pass that to its app.
  return { total: rows.length, groupRequests: rows.length === 0 ? null : rows.map(groupRequestInfo) }
}

/** Counts the pending requests made after `time` (ms) that the user may answer. */
export async function getGroupApplicationUnhandledCount(
  ctx: CallerContext,
  { userID, time }: z.output<typeof GetGroupApplicationUnhandledCountReq>,
): Promise<{ count: number }> {
  requireSelfOrAdmin(ctx, userID)
  return { count: await countPending(ctx.db, userID, time) }
}
