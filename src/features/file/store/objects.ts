import { and, eq, inArray, ne, sql } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import type { ImageInfo } from '../../../platform/storage/images.ts'
import { type FileContentRow, type FileObjectRow, fileContent, fileObject, fileOrphan } from '../tables.ts'

/** A content nobody has looked at as a picture yet. */
export type NewContent = Pick<FileContentRow, 'hash' | 'storeKey' | 'size' | 'createTime'>

export async function findContent(db: Database, hash: string): Promise<FileContentRow | null> {
  const [row] = await db.select().from(fileContent).where(eq(fileContent.hash, hash))
  return row ?? null
}

/**
 * Gives a file its name; a name that is taken moves to the new file.
 * @returns whether the content is still there; without it no name is given
 */
export async function nameKnownContent(db: Database, row: FileObjectRow): Promise<boolean> {
  const [, named] = await db.batch([recordOrphan(db, row), nameContent(db, row)])
  return named.length > 0
}

/** One statement, so that no name is given to a content that is cleaned away in that moment. */
export function nameContent(db: Database, row: FileObjectRow) {
  const { name: _, ...set } = row
  const values = db
    .select({
      name: sql<string>`${row.name}`.as('name'),
      userID: sql<string>`${row.userID}`.as('user_id'),
      hash: fileContent.hash,
      contentType: sql<string>`${row.contentType}`.as('content_type'),
      cause: sql<string>`${row.cause}`.as('cause'),
      createTime: sql<number>`${row.createTime}`.as('create_time'),
    })
    .from(fileContent)
    .where(eq(fileContent.hash, row.hash))
  return db
    .insert(fileObject)
    .select(values)
    .onConflictDoUpdate({ target: fileObject.name, set })
    .returning({ name: fileObject.name })
}

/** A name is about to move: what it meant before may have no other. */
export function recordOrphan(db: Database, { name, hash }: FileObjectRow) {
  const before = db
    .select({ hash: fileObject.hash })
    .from(fileObject)
    .where(and(eq(fileObject.name, name), ne(fileObject.hash, hash)))
  return db.insert(fileOrphan).select(before).onConflictDoNothing()
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

/** Remembers what somebody saw who looked at the content as a picture. */
export async function savePictureInfo(db: Database, hash: string, { type, width, height }: ImageInfo): Promise<void> {
  const picture = { pictureType: type, pictureWidth: width, pictureHeight: height }
  await db.update(fileContent).set(picture).where(eq(fileContent.hash, hash))
}
