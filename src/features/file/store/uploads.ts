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

/** In their order. */
export function findParts(db: Database, uploadID: string): Promise<FilePartRow[]> {
  return db.select().from(filePart).where(eq(filePart.uploadID, uploadID)).orderBy(asc(filePart.partNumber))
}

/** Notes a part in place of what was there before. @returns whether the upload is still open */
export function replacePart(db: Database, part: FilePartRow): Promise<boolean> {
  return recordPart(db, part, sql`DO UPDATE SET tag = excluded.tag, md5 = excluded.md5`)
}

/** Notes a part. @returns whether the upload is still open and the part was not there before */
export function addPart(db: Database, part: FilePartRow): Promise<boolean> {
  return recordPart(db, part, sql`DO NOTHING`)
}

/** One statement, so that no part comes in behind the completion of its upload. */
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
 * Closes an upload: its content, unless the same is there by now, its name, and the end of its parts.
 * @returns the key of what is kept under that hash
 */
export async function finishUpload(
  db: Database,
  upload: FileUploadRow,
  content: NewContent,
  object: FileObjectRow,
): Promise<string> {
  const [, , , , , kept] = await db.batch([
    db.insert(fileContent).values(content).onConflictDoNothing(),
    recordOrphan(db, object),
    nameContent(db, object),
    closeUpload(db, upload, object),
    dropParts(db, upload),
    db.select({ storeKey: fileContent.storeKey }).from(fileContent).where(eq(fileContent.hash, content.hash)),
  ])
  return kept[0]?.storeKey ?? content.storeKey
}

/** Closes an upload whose content is known. @returns whether it still is; otherwise the upload stays open */
export async function finishKnownUpload(db: Database, upload: FileUploadRow, object: FileObjectRow): Promise<boolean> {
  if (!(await nameKnownContent(db, object))) return false
  await db.batch([closeUpload(db, upload, object), dropParts(db, upload)])
  return true
}

/** How many uploads of a user are under way. */
export async function countOpenUploads(db: Database, userID: string, now: number): Promise<number> {
  const isOpen = and(eq(fileUpload.userID, userID), gt(fileUpload.expireTime, now))
  // Written out, as the index is for this very condition.
  const [row] = await db.select({ open: count() }).from(fileUpload).where(and(isOpen, sql`completed = 0`))
  return row?.open ?? 0
}

function closeUpload(db: Database, { uploadID }: FileUploadRow, { hash }: FileObjectRow) {
  return db.update(fileUpload).set({ completed: true, hash }).where(eq(fileUpload.uploadID, uploadID))
}

function dropParts(db: Database, { uploadID }: FileUploadRow) {
  return db.delete(filePart).where(eq(filePart.uploadID, uploadID))
}
