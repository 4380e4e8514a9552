import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import { pageWindow } from '../../platform/wire.ts'
import { ImError } from '../../protocol/errors.ts'
import type { BlackInfo, FriendInfo, GetBlackListReq, GetDesignatedFriendsReq, GetFriendListReq } from './schema.ts'
import { blackPage, friendPage, friendsAmong } from './store.ts'
import type { FriendRow } from './tables.ts'
import { blackInfo, friendInfo } from './wire.ts'

export async function getFriendList(
  ctx: CallerContext,
  { userID, pagination }: z.output<typeof GetFriendListReq>,
): Promise<{ friendsInfo: FriendInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await friendPage(ctx.db, userID, pageWindow(pagination))
  return { friendsInfo: rows.map(friendInfo), total }
}

/** Those of the given users who are friends; the others are left out. */
export async function getDesignatedFriends(
  ctx: CallerContext,
  { ownerUserID, friendUserIDs }: z.output<typeof GetDesignatedFriendsReq>,
): Promise<{ friendsInfo: FriendInfo[] }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  if (new Set(friendUserIDs).size < friendUserIDs.length) throw ImError.args('the same userID is given twice')
  return { friendsInfo: (await friendsAmong(ctx.db, ownerUserID, friendUserIDs)).map(friendInfo) }
}

export async function getBlackList(
  ctx: CallerContext,
  { userID, pagination }: z.output<typeof GetBlackListReq>,
): Promise<{ blacks: BlackInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await blackPage(ctx.db, userID, pageWindow(pagination))
  return { blacks: rows.map(blackInfo), total }
}

/** The caller's own entries of those users who are friends, by their userID. */
export async function ownFriendsByID(ctx: CallerContext, userIDs: readonly string[]): Promise<Map<string, FriendRow>> {
  const rows = await friendsAmong(ctx.db, ctx.caller.userID, userIDs)
  return new Map(rows.map(({ friend }) => [friend.friendUserID, friend]))
}
