import { and, inArray } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import { black, friend } from '../tables.ts'

/** Entries of one of the two lists. */
export type PairEntries = readonly { ownerUserID: string; peerUserID: string }[]

/** Statements for one batch that read the block and friend entries of the given users among each other. */
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
