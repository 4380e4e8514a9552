import { and, asc, count, gt, gte, lt, sql } from 'drizzle-orm'
import type { Database } from '../../platform/storage/d1.ts'
import { insertRows } from '../../platform/storage/upsert-rows.ts'
import { user } from '../user/tables.ts'
import { conversationDirectory } from './tables.ts'

/** Adds any number of conversations to the directory, in one statement. */
export async function addToDirectory(db: Database, conversationIDs: readonly string[]): Promise<void> {
  const rows = conversationIDs.map((conversationID) => ({ conversationID }))
  await insertRows(db, conversationDirectory, rows).onConflictDoNothing()
}

/** A statement for a batch that counts the conversations with a message; it reads all rows of the table. */
export function countConversationsStatement(db: Database) {
  return db.select({ rows: count() }).from(conversationDirectory)
}

/** Selects conversations by the prefix of their ID and by a user that the ID contains; "" selects all. */
export interface DirectoryFilter {
  prefix: string
  userID: string
}

/** One page of the directory: conversation IDs in ascending order that follow `after`. */
export async function directoryPage(
  db: Database,
  { prefix, userID }: DirectoryFilter,
  after: string,
  limit: number,
): Promise<string[]> {
  const { conversationID } = conversationDirectory
  const rows = await db
    .select({ conversationID })
    .from(conversationDirectory)
    .where(
      and(
        gt(conversationID, after),
        prefix === '' ? undefined : and(gte(conversationID, prefix), lt(conversationID, `${prefix}\u{10ffff}`)),
        userID === '' ? undefined : sql`instr(${conversationID} || '_', ${`_${userID}_`}) > 0`,
      ),
    )
    .orderBy(asc(conversationID))
    .limit(limit)
  return rows.map((row) => row.conversationID)
}

export async function countUsers(db: Database): Promise<number> {
  const [counted] = await db.select({ total: count() }).from(user)
  return counted?.total ?? 0
}

/** One page of all userIDs in ascending order that follow `after`. */
export async function userIDsAfter(db: Database, after: string, limit: number): Promise<string[]> {
  const rows = await db
    .select({ userID: user.userID })
    .from(user)
    .where(gt(user.userID, after))
    .orderBy(asc(user.userID))
    .limit(limit)
  return rows.map((row) => row.userID)
}
