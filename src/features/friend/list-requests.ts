import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { requireOneOfTwo } from './access.ts'
import type {
  FriendRequestInfo,
  GetDesignatedFriendsApplyReq,
  GetPaginationFriendsApplyFromReq,
  GetPaginationFriendsApplyToReq,
  GetSelfUnhandledApplyCountReq,
} from './schema.ts'
import { countPending, requestPage, requestsBetween } from './store/requests.ts'
import { friendRequestInfo } from './wire.ts'

/** Lists the requests that the user received. OpenIM: `FriendRequests` has a capital F in this call only. */
export async function getFriendApplyList(
  ctx: CallerContext,
  { userID, pagination, handleResults }: z.output<typeof GetPaginationFriendsApplyToReq>,
): Promise<{ FriendRequests: FriendRequestInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await requestPage(ctx.db, { toUserID: userID }, handleResults, pageWindow(pagination))
  return { FriendRequests: rows.map(friendRequestInfo), total }
}

/** Lists the requests that the user made. */
export async function getSelfFriendApplyList(
  ctx: CallerContext,
  { userID, pagination, handleResults }: z.output<typeof GetPaginationFriendsApplyFromReq>,
): Promise<{ friendRequests: FriendRequestInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await requestPage(ctx.db, { fromUserID: userID }, handleResults, pageWindow(pagination))
  return { friendRequests: rows.map(friendRequestInfo), total }
}

/** Lists the requests between two users, in either direction. */
export async function getDesignatedFriendApply(
  ctx: CallerContext,
  { fromUserID, toUserID }: z.output<typeof GetDesignatedFriendsApplyReq>,
): Promise<{ friendRequests: FriendRequestInfo[] }> {
  requireOneOfTwo(ctx, fromUserID, toUserID)
  return { friendRequests: (await requestsBetween(ctx.db, fromUserID, toUserID)).map(friendRequestInfo) }
}

/** Counts the pending requests to the user that were made after `time` (ms). */
export async function getSelfUnhandledApplyCount(
  ctx: CallerContext,
  { userID, time }: z.output<typeof GetSelfUnhandledApplyCountReq>,
): Promise<{ count: number }> {
  requireSelfOrAdmin(ctx, userID)
  return { count: await countPending(ctx.db, userID, time) }
}
