import { count, ne } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import { group } from '../tables.ts'

/** A statement for a batch that counts the groups that are not dismissed; it reads all rows of the table. */
export function countGroupsStatement(db: Database) {
  return db.select({ rows: count() }).from(group).where(ne(group.status, GroupStatus.Dismissed))
}
