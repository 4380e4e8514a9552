import { and, asc, count, eq, ne, or } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import { type UserCommandRow, userCommand } from '../tables.ts'

export type CommandKey = Pick<UserCommandRow, 'userID' | 'type' | 'uuid'>

const isCommand = ({ userID, type, uuid }: CommandKey) =>
  and(eq(userCommand.userID, userID), eq(userCommand.type, type), eq(userCommand.uuid, uuid))

/** A user's commands of one type (null: of any type), oldest first. */
export function findCommands(db: Database, userID: string, type: number | null): Promise<UserCommandRow[]> {
  return db
    .select()
    .from(userCommand)
    .where(and(eq(userCommand.userID, userID), type === null ? undefined : eq(userCommand.type, type)))
    .orderBy(asc(userCommand.createTime), asc(userCommand.type), asc(userCommand.uuid))
}

export async function commandExists(db: Database, key: CommandKey): Promise<boolean> {
  const rows = await db.select({ uuid: userCommand.uuid }).from(userCommand).where(isCommand(key))
  return rows.length > 0
}

/** Counts the commands of a user other than this one. */
export async function countOtherCommands(db: Database, key: CommandKey): Promise<number> {
  const [counted] = await db
    .select({ total: count() })
    .from(userCommand)
    .where(and(eq(userCommand.userID, key.userID), or(ne(userCommand.type, key.type), ne(userCommand.uuid, key.uuid))))
  return counted?.total ?? 0
}

export async function putCommand(db: Database, row: UserCommandRow): Promise<void> {
  const { value, ex, createTime } = row
  await db
    .insert(userCommand)
    .values(row)
    .onConflictDoUpdate({
      target: [userCommand.userID, userCommand.type, userCommand.uuid],
      set: { value, ex, createTime },
    })
}

/** @returns whether there is such a command */
export async function updateCommand(
  db: Database,
  key: CommandKey,
  changes: Partial<Pick<UserCommandRow, 'value' | 'ex'>>,
): Promise<boolean> {
  const updated = await db.update(userCommand).set(changes).where(isCommand(key)).returning({ uuid: userCommand.uuid })
  return updated.length > 0
}

/** @returns whether there was such a command */
export async function deleteCommand(db: Database, key: CommandKey): Promise<boolean> {
  const deleted = await db.delete(userCommand).where(isCommand(key)).returning({ uuid: userCommand.uuid })
  return deleted.length > 0
}
