import { and, asc, count, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import {
  type FileObjectRow,
  type FilePartRow,
  type FileUploadRow,
  fileContent,
  filePart,
  fileUpload,
} from '../tables.ts'
import { type NewContent, nameContent, nameKnownContent, recordOrphan } from './objects.ts'

export async function insertUpload(db: Database, row: FileUploadRow): Promise<void> {
  await db.insert(fileUpload).values(row)
}

export async function findUpload(db: Database, uploadID: string): Promise<FileUploadRow | null> {
  const [row] = await db.select().from(fileUpload).where(eq(fileUpload.uploadID, uploadID))
  return row ?? null
}

/** The parts of an upload, ordered by part number. */
export function findParts(db: Database, uploadID: string): Promise<FilePartRow[]> {
  return db.select().from(filePart).where(eq(filePart.uploadID, uploadID)).orderBy(asc(filePart.partNumber))
}

/** Records a part, replacing an earlier one with the same number. @returns whether the upload is still open */
export function replacePart(db: Database, part: FilePartRow): Promise<boolean> {
  return recordPart(db, part, sql`DO UPDATE SET tag = excluded.tag, md5 = excluded.md5`)
}

/** Records a part unless one with the same number exists. @returns whether the part was recorded */
export function addPart(db: Database, part: FilePartRow): Promise<boolean> {
  return recordPart(db, part, sql`DO NOTHING`)
}

/** One statement, so that no part is recorded after its upload has completed. */
async function recordPart(db: Database, part: FilePartRow, onConflict: SQL): Promise<boolean> {
  const { uploadID, partNumber, tag, md5 } = part
  const recorded = await db.all(sql`
    INSERT INTO file_part (upload_id, part_number, tag, md5)
    SELECT upload_id, ${partNumber}, ${tag}, ${md5} FROM file_upload WHERE upload_id = ${uploadID} AND completed = 0
    ON CONFLICT (upload_id, part_number) ${onConflict}
    RETURNING part_number`)
  return recorded.length > 0
}

/**
 * Completes an upload: stores its content row unless the hash exists, names the file, and deletes the part rows.
 * @returns the store key of the content with this hash
 */
export async function finishUpload(
  db: Database,
  upload: FileUploadRow,
  content: NewContent,
  object: FileObjectRow,
): Promise<string> {
  const [, , , , , stored] = await db.batch([
    db.insert(fileContent).values(content).onConflictDoNothing(),
    recordOrphan(db, object),
    nameContent(db, object),
    closeUpload(db, upload, object),
    dropParts(db, upload),
    db.select({ storeKey: fileContent.storeKey }).from(fileContent).where(eq(fileContent.hash, content.hash)),
  ])
  return stored[0]?.storeKey ?? content.storeKey
}

/**
 * Completes an upload whose content is stored already.
 * @returns false when the content was deleted; the upload stays open
 */
export async function finishKnownUpload(db: Database, upload: FileUploadRow, object: FileObjectRow): Promise<boolean> {
  if (!(await nameKnownContent(db, object))) return false
  await db.batch([closeUpload(db, upload, object), dropParts(db, upload)])
  return true
}

/** Counts the open uploads of a user. */
export async function countOpenUploads(db: Database, userID: string, now: number): Promise<number> {
  const isOpen = and(eq(fileUpload.userID, userID), gt(fileUpload.expireTime, now))
  // Written as SQL, because the partial index `file_upload_open` requires this exact condition.
  const [row] = await db.select({ open: count() }).from(fileUpload).where(and(isOpen, sql`completed = 0`))
  return row?.open ?? 0
}

function closeUpload(db: Database, { uploadID }: FileUploadRow, { hash }: FileObjectRow) {
  return db.update(fileUpload).set({ completed: true, hash }).where(eq(fileUpload.uploadID, uploadID))
}

function dropParts(db: Database, { uploadID }: FileUploadRow) {
  return db.delete(filePart).where(eq(filePart.uploadID, uploadID))
}
