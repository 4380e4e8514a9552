import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { usersByID } from '../user/get-users-info.ts'
import { requireOneOfTwo } from './access.ts'
import type {
  FriendInfo,
  GetDesignatedFriendsReq,
  GetFriendIDsReq,
  GetFriendListReq,
  GetSpecifiedFriendsInfoReq,
  IsFriendReq,
  SpecifiedFriendInfo,
} from './schema.ts'
import { blacksAmong } from './store/blacks.ts'
import { friendPage, friendsAmong, friendship, friendUserIDs as idsOfFriends } from './store/friends.ts'
import type { FriendRow } from './tables.ts'
import { friendInfo, specifiedBlack, specifiedFriend } from './wire.ts'

export async function getFriendList(
  ctx: CallerContext,
  { userID, pagination }: z.output<typeof GetFriendListReq>,
): Promise<{ friendsInfo: FriendInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await friendPage(ctx.db, userID, pageWindow(pagination))
  return { friendsInfo: rows.map(friendInfo), total }
}

/** Returns the given friends; users who are not friends are left out. */
export async function getDesignatedFriends(
  ctx: CallerContext,
  { ownerUserID, friendUserIDs }: z.output<typeof GetDesignatedFriendsReq>,
): Promise<{ friendsInfo: FriendInfo[] }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  if (new Set(friendUserIDs).size < friendUserIDs.length) throw ImError.args('the same userID is given twice')
  return { friendsInfo: (await friendsAmong(ctx.db, ownerUserID, friendUserIDs)).map(friendInfo) }
}

/** Returns the userIDs of all friends, in the order of the friend list. */
export async function getFriendIDs(
  ctx: CallerContext,
  { userID }: z.output<typeof GetFriendIDsReq>,
): Promise<{ friendIDs: string[] }> {
  requireSelfOrAdmin(ctx, userID)
  return { friendIDs: await idsOfFriends(ctx.db, userID) }
}

/** Returns the owner's relation to each given user: friend, blocked, both or neither. Unknown users are left out. */
export async function getSpecifiedFriendsInfo(
  ctx: CallerContext,
  { ownerUserID, userIDList }: z.output<typeof GetSpecifiedFriendsInfoReq>,
): Promise<{ infos: SpecifiedFriendInfo[] }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const users = await usersByID(ctx, userIDList)
  const friends = new Map(
    (await friendsAmong(ctx.db, ownerUserID, userIDList)).map(({ friend }) => [friend.friendUserID, friend]),
  )
  const blacks = new Map(
    (await blacksAmong(ctx.db, ownerUserID, userIDList)).map(({ black }) => [black.blackUserID, black]),
  )
  const infos = userIDList.flatMap((userID) => {
    const [userInfo, friend, black] = [users.get(userID), friends.get(userID), blacks.get(userID)]
    if (!userInfo) return []
    return [
      {
        userInfo,
        friendInfo: friend ? specifiedFriend(friend) : null,
        blackInfo: black ? specifiedBlack(black) : null,
      },
    ]
  })
  return { infos }
}

/** Returns, for each of the two users, whether the other is in their friend list. */
export async function isFriend(
  ctx: CallerContext,
  { userID1, userID2 }: z.output<typeof IsFriendReq>,
): Promise<{ inUser1Friends: boolean; inUser2Friends: boolean }> {
  requireOneOfTwo(ctx, userID1, userID2)
  return friendship(ctx.db, userID1, userID2)
}

/** Reads the caller's friend-list entries of the given users, by userID. */
export async function ownFriendsByID(ctx: CallerContext, userIDs: readonly string[]): Promise<Map<string, FriendRow>> {
  const rows = await friendsAmong(ctx.db, ctx.caller.userID, userIDs)
  return new Map(rows.map(({ friend }) => [friend.friendUserID, friend]))
}
