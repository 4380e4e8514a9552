import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import { idHash } from '../../sync/id-hash.ts'
import { readDelta, readHead } from '../../sync/incremental.ts'
import type { FriendInfo, GetFullFriendUserIDsReq, GetIncrementalFriendsReq } from './schema.ts'
import { friendsAmong, friendUserIDs } from './store/friends.ts'
import { friendInfo } from './wire.ts'

/** What changed in a friend list since the version the client has. */
export async function getIncrementalFriends(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalFriendsReq>,
): Promise<{
  version: number
  versionID: string
  full: boolean
  delete: string[]
  insert: FriendInfo[]
  update: FriendInfo[]
  sortVersion: number
}> {
  requireSelfOrAdmin(ctx, userID)
  const delta = await readDelta(ctx.db, 'friend', userID, { versionID, version })
  const changed = await friendsAmong(ctx.db, userID, [...delta.inserted, ...delta.updated])
  const inserted = new Set(delta.inserted)
  return {
    version: delta.version,
    versionID: delta.versionID,
    full: delta.full,
    delete: delta.deleted,
    insert: changed.filter((row) => inserted.has(row.friend.friendUserID)).map(friendInfo),
    update: changed.filter((row) => !inserted.has(row.friend.friendUserID)).map(friendInfo),
    sortVersion: delta.sortVersion,
  }
}

/** The ordered IDs of all friends, unless the client's hash says that it has them already. */
export async function getFullFriendUserIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullFriendUserIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; userIDs: string[] }> {
  requireSelfOrAdmin(ctx, req.userID)
  const head = await readHead(ctx.db, 'friend', req.userID)
  const userIDs = await friendUserIDs(ctx.db, req.userID)
  const equal = idHash(userIDs) === req.idHash
  return { version: head.version, versionID: head.versionID, equal, userIDs: equal ? [] : userIDs }
}
