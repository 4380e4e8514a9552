import { count, gte } from 'drizzle-orm'
import { type Database, isAmong } from '../../../platform/storage/d1.ts'
import { groupMember } from '../tables.ts'

/** One of the users who is in so many groups already, or null. */
export async function crowdedUser(db: Database, userIDs: readonly string[], maxGroups: number): Promise<string | null> {
  const [row] = await db
    .select({ userID: groupMember.userID })
    .from(groupMember)
    .where(isAmong(groupMember.userID, userIDs))
    .groupBy(groupMember.userID)
    .having(gte(count(), maxGroups))
    .limit(1)
  return row?.userID ?? null
}
