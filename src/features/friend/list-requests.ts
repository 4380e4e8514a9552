import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { requireOneOfThem } from './access.ts'
import type {
  FriendRequestInfo,
  GetDesignatedFriendsApplyReq,
  GetPaginationFriendsApplyFromReq,
  GetPaginationFriendsApplyToReq,
  GetSelfUnhandledApplyCountReq,
} from './schema.ts'
import { countPending, requestPage, requestsBetween } from './store/requests.ts'
import { friendRequestInfo } from './wire.ts'

/** Who asked the user. `FriendRequests` has a capital on OpenIM's wire, in this call alone. */
export async function getFriendApplyList(
  ctx: CallerContext,
  { userID, pagination, handleResults }: z.output<typeof GetPaginationFriendsApplyToReq>,
): Promise<{ FriendRequests: FriendRequestInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await requestPage(ctx.db, { toUserID: userID }, handleResults, pageWindow(pagination))
  return { FriendRequests: rows.map(friendRequestInfo), total }
}

/** Whom the user asked. */
export async function getSelfFriendApplyList(
  ctx: CallerContext,
  { userID, pagination, handleResults }: z.output<typeof GetPaginationFriendsApplyFromReq>,
): Promise<{ friendRequests: FriendRequestInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await requestPage(ctx.db, { fromUserID: userID }, handleResults, pageWindow(pagination))
  return { friendRequests: rows.map(friendRequestInfo), total }
}

/** The requests between two users, whoever asked. */
export async function getDesignatedFriendApply(
  ctx: CallerContext,
  { fromUserID, toUserID }: z.output<typeof GetDesignatedFriendsApplyReq>,
): Promise<{ friendRequests: FriendRequestInfo[] }> {
  requireOneOfThem(ctx, fromUserID, toUserID)
  return { friendRequests: (await requestsBetween(ctx.db, fromUserID, toUserID)).map(friendRequestInfo) }
}

/** How many requests wait for the user's answer that came after `time` (ms). */
export async function getSelfUnhandledApplyCount(
  ctx: CallerContext,
  { userID, time }: z.output<typeof GetSelfUnhandledApplyCountReq>,
): Promise<{ count: number }> {
  requireSelfOrAdmin(ctx, userID)
  return { count: await countPending(ctx.db, userID, time) }
}
