import { eq, inArray } from 'drizzle-orm'
import type { Database } from '../../../platform/d1.ts'
import { type FileContentRow, type FileObjectRow, fileContent, fileObject } from '../tables.ts'

export async function findContent(db: Database, hash: string): Promise<FileContentRow | null> {
  const [row] = await db.select().from(fileContent).where(eq(fileContent.hash, hash))
  return row ?? null
}

/** Gives a file its name; a name that is taken moves to the new file. */
export function putObject(db: Database, row: FileObjectRow) {
  const { name: _, ...set } = row
  return db.insert(fileObject).values(row).onConflictDoUpdate({ target: fileObject.name, set })
}

/** The named file with its content, under the first of the names that exists. */
export async function findObject(
  db: Database,
  names: readonly string[],
): Promise<{ object: FileObjectRow; content: FileContentRow } | null> {
  const rows = await db
    .select({ object: fileObject, content: fileContent })
    .from(fileObject)
    .innerJoin(fileContent, eq(fileContent.hash, fileObject.hash))
    .where(inArray(fileObject.name, [...names]))
  const byName = new Map(rows.map((row) => [row.object.name, row]))
  return names.map((name) => byName.get(name)).find((row) => row !== undefined) ?? null
}
