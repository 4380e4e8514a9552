import { and, asc, eq, inArray, lt, notExists, sql } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import {
  type FileUploadRow,
  fileContent,
  fileGarbage,
  fileObject,
  fileOrphan,
  filePart,
  fileUpload,
} from '../tables.ts'

/** Uploads that expired before a time, the oldest first. */
export function findExpiredUploads(
  db: Database,
  before: number,
  { limit, offset }: { limit: number; offset: number },
): Promise<FileUploadRow[]> {
  const isExpired = lt(fileUpload.expireTime, before)
  return db.select().from(fileUpload).where(isExpired).orderBy(asc(fileUpload.expireTime)).limit(limit).offset(offset)
}

export async function deleteUploads(db: Database, uploadIDs: readonly string[]): Promise<void> {
  await db.batch([
    db.delete(filePart).where(inArray(filePart.uploadID, [...uploadIDs])),
    db.delete(fileUpload).where(inArray(fileUpload.uploadID, [...uploadIDs])),
  ])
}

/** Deletes names of a group that are older than a time. @returns the number of deleted names */
export async function expireNames(db: Database, group: string, before: number, limit: number): Promise<number> {
  const isOld = and(eq(fileObject.cause, group), lt(fileObject.createTime, before))
  const old = await db.select({ name: fileObject.name }).from(fileObject).where(isOld).limit(limit)
  if (old.length === 0) return 0
  const names = old.map(({ name }) => name)
  // The age is checked again: a name can have moved to a new file since the query.
  const areOld = and(isOld, inArray(fileObject.name, names))
  const [, expired] = await db.batch([
    db
      .insert(fileOrphan)
      .select(db.selectDistinct({ hash: fileObject.hash }).from(fileObject).where(areOld))
      .onConflictDoNothing(),
    db.delete(fileObject).where(areOld).returning({ name: fileObject.name }),
  ])
  return expired.length
}

/**
 * Deletes contents that have no name any more and records their store keys as garbage.
 * @returns the number of checked candidates and of deleted contents
 */
export async function dropOrphans(db: Database, limit: number): Promise<{ seen: number; dropped: number }> {
  const candidates = await db.select().from(fileOrphan).limit(limit)
  if (candidates.length === 0) return { seen: 0, dropped: 0 }
  const hashes = candidates.map(({ hash }) => hash)
  const names = db.select({ one: sql`1` }).from(fileObject).where(eq(fileObject.hash, fileContent.hash))
  const nameless = and(inArray(fileContent.hash, hashes), notExists(names))
  const garbage = db
    .select({ storeKey: fileContent.storeKey, hash: fileContent.hash })
    .from(fileContent)
    .where(nameless)
  const [, dropped] = await db.batch([
    db.insert(fileGarbage).select(garbage).onConflictDoNothing(),
    db.delete(fileContent).where(nameless).returning({ hash: fileContent.hash }),
    db.delete(fileOrphan).where(inArray(fileOrphan.hash, hashes)),
  ])
  return { seen: candidates.length, dropped: dropped.length }
}

export function findGarbage(db: Database, limit: number) {
  return db.select().from(fileGarbage).limit(limit)
}

export async function deleteGarbage(db: Database, storeKeys: readonly string[]): Promise<void> {
  await db.delete(fileGarbage).where(inArray(fileGarbage.storeKey, [...storeKeys]))
}
