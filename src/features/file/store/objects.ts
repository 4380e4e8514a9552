import { and, eq, inArray, ne, sql } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import type { ImageInfo } from '../../../platform/storage/images.ts'
import { type FileContentRow, type FileObjectRow, fileContent, fileObject, fileOrphan } from '../tables.ts'

/** A content whose picture columns are not filled yet. */
export type NewContent = Pick<FileContentRow, 'hash' | 'storeKey' | 'size' | 'createTime'>

export async function findContent(db: Database, hash: string): Promise<FileContentRow | null> {
  const [row] = await db.select().from(fileContent).where(eq(fileContent.hash, hash))
  return row ?? null
}

/**
 * Names a known content. A name that is in use moves to this content.
 * @returns whether the content still exists; if it does not, no name is stored
 */
export async function nameKnownContent(db: Database, row: FileObjectRow): Promise<boolean> {
  const [, named] = await db.batch([recordOrphan(db, row), nameContent(db, row)])
  return named.length > 0
}

/** One statement, so that a name is never stored for a content that is deleted at the same time. */
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

/** Before a name moves to another content, records its previous content as a possible orphan. */
export function recordOrphan(db: Database, { name, hash }: FileObjectRow) {
  const before = db
    .select({ hash: fileObject.hash })
    .from(fileObject)
    .where(and(eq(fileObject.name, name), ne(fileObject.hash, hash)))
  return db.insert(fileOrphan).select(before).onConflictDoNothing()
}

/** Finds a file with its content, by the first of the names that exists. */
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

/** Stores the media type and size of a picture. */
export async function savePictureInfo(db: Database, hash: string, { type, width, height }: ImageInfo): Promise<void> {
  const picture = { pictureType: type, pictureWidth: width, pictureHeight: height }
  await db.update(fileContent).set(picture).where(eq(fileContent.hash, hash))
}
