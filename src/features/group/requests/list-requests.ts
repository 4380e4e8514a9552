import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import { existingUser } from '../../user/access.ts'
import { groupAs, groupGone, groupsAs } from '../access.ts'
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

/** Who wants to join the groups that the user manages, or those of them that are named. */
export async function getRecvGroupApplicationList(
  ctx: CallerContext,
  { fromUserID, groupIDs, handleResults, pagination }: z.output<typeof GetRecvGroupApplicationListReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] }> {
  requireSelfOrAdmin(ctx, fromUserID)
  const named = [...new Set(groupIDs)]
  await groupsAs(ctx, named, 'admin', groupGone)
  const side = named.length === 0 ? { managerUserID: fromUserID } : { groupIDs: named }
  const { total, rows } = await requestPage(ctx.db, side, handleResults, pageWindow(pagination))
  return { total, groupRequests: rows.map(groupRequestInfo) }
}

/** Which groups the user wants to join. */
export async function getUserReqGroupApplicationList(
  ctx: CallerContext,
  { userID, groupIDs, handleResults, pagination }: z.output<typeof GetUserReqGroupApplicationListReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] }> {
  requireSelfOrAdmin(ctx, userID)
  await existingUser(ctx, userID)
  const { total, rows } = await requestPage(ctx.db, { userID, groupIDs }, handleResults, pageWindow(pagination))
  return { total, groupRequests: rows.map(groupRequestInfo) }
}

/** Those of the given users who want to join the group. */
export async function getGroupUsersReqApplicationList(
  ctx: CallerContext,
  { groupID, userIDs }: z.output<typeof GetGroupUsersReqApplicationListReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] }> {
  await groupsAs(ctx, [groupID], 'admin', groupGone)
  const rows = await requestsTo(ctx.db, groupID, userIDs)
  return { total: rows.length, groupRequests: rows.map(groupRequestInfo) }
}

/** Whether one user wants to join: for the user, and for who may answer. */
export async function getSpecifiedUserGroupRequestInfo(
  ctx: CallerContext,
  { groupID, userID }: z.output<typeof GetSpecifiedUserGroupRequestInfoReq>,
): Promise<{ total: number; groupRequests: GroupRequestInfo[] | null }> {
  if (ctx.caller.userID !== userID) await groupAs(ctx, groupID, 'admin')
  const rows = await requestsTo(ctx.db, groupID, [userID])
  // OpenIM: null where there is none. The JS SDK asks about the wrong user when a manager is told of an answer, and
  // takes an empty list for a request without content, which it hands to its app.
  return { total: rows.length, groupRequests: rows.length === 0 ? null : rows.map(groupRequestInfo) }
}

/** How many requests wait for the user's answer that came after `time` (ms). */
export async function getGroupApplicationUnhandledCount(
  ctx: CallerContext,
  { userID, time }: z.output<typeof GetGroupApplicationUnhandledCountReq>,
): Promise<{ count: number }> {
  requireSelfOrAdmin(ctx, userID)
  return { count: await countPending(ctx.db, userID, time) }
}
