import { and, inArray } from 'drizzle-orm'
import { black, friend } from '../../../features/friend/tables.ts'
import type { Database } from '../../../platform/storage/d1.ts'

/** What one member of a single chat has made of the other. */
export interface Relation {
  blockedPeer: boolean
  befriendedPeer: boolean
}

/** The statements that read what users have made of each other; for one batch, with other statements if need be. */
export function relationStatements(db: Database, userIDs: string[]) {
  return [
    db
      .select({ ownerUserID: black.ownerUserID, peerUserID: black.blackUserID })
      .from(black)
      .where(and(inArray(black.ownerUserID, userIDs), inArray(black.blackUserID, userIDs))),
    db
      .select({ ownerUserID: friend.ownerUserID, peerUserID: friend.friendUserID })
      .from(friend)
      .where(and(inArray(friend.ownerUserID, userIDs), inArray(friend.friendUserID, userIDs))),
  ] as const
}

type Entries = readonly { ownerUserID: string; peerUserID: string }[]

/** What those statements found, for one of the users. */
export function relationOf(userID: string, [blacks, friends]: readonly [Entries, Entries]): Relation {
  const has = (entries: Entries) => entries.some((entry) => entry.ownerUserID === userID && entry.peerUserID !== userID)
  return { blockedPeer: has(blacks), befriendedPeer: has(friends) }
}
