import { count } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import { user } from '../tables.ts'

/** A statement for a batch that counts all users; it reads all rows of the table. */
export function countUsersStatement(db: Database) {
  return db.select({ rows: count() }).from(user)
}
