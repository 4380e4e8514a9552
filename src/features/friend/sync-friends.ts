import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { fullIDsAnswer, type IncrementalAnswer, incrementalAnswer } from '../../sync/answers.ts'
import { readDelta, readHead } from '../../sync/version-store.ts'
import type { FriendInfo, GetFullFriendUserIDsReq, GetIncrementalFriendsReq } from './schema.ts'
import { friendsAmong, friendUserIDs } from './store/friends.ts'
import { friendInfo } from './wire.ts'

/** Returns the changes in a friend list since the client's version. */
export async function getIncrementalFriends(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalFriendsReq>,
): Promise<IncrementalAnswer<FriendInfo> & { sortVersion: number }> {
  requireSelfOrAdmin(ctx, userID)
  const delta = await readDelta(ctx.db, 'friend', userID, { versionID, version })
  const changed = await friendsAmong(ctx.db, userID, [...delta.inserted, ...delta.updated])
  const found = new Map(changed.map((row) => [row.friend.friendUserID, friendInfo(row)]))
  return { ...incrementalAnswer(delta, found), sortVersion: delta.sortVersion }
}

/** Returns the ordered userIDs of all friends, unless the client's hash shows that it has them already. */
export async function getFullFriendUserIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullFriendUserIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; userIDs: string[] }> {
  requireSelfOrAdmin(ctx, req.userID)
  const head = await readHead(ctx.db, 'friend', req.userID)
  const { ids, ...answer } = fullIDsAnswer(head, await friendUserIDs(ctx.db, req.userID), req.idHash)
  return { ...answer, userIDs: ids }
}
