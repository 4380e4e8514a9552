import { reasonOf } from '../../platform/observability/log.ts'
import type { Context } from '../../runtime/context.ts'
import {
  deleteGarbage,
  deleteUploads,
  dropOrphans,
  expireNames,
  findExpiredUploads,
  findGarbage,
} from './store/cleaning.ts'
import { findParts } from './store/uploads.ts'
import { storeKeyOf, thumbnailPrefix } from './store-keys.ts'
import type { FileUploadRow } from './tables.ts'
import { MAX_THUMBNAILS } from './thumbnail.ts'

/** As many as D1 takes in one statement, with room. */
const STEP = 50
/** What one run does at most; the next one goes on from there. */
const STEPS = 20
/** No request that began in time is still at work on an upload that has been over for so long. */
const GRACE_MS = 60 * 60 * 1000
/** What the store has refused to let go of for so long, it has dropped by itself. */
const GIVE_UP_MS = 30 * 24 * 60 * 60 * 1000

/** What a run has done. */
export interface Cleaned {
  /** Uploads that were never completed, or whose completion may no longer be repeated. */
  uploads: number
  /** Names that were taken away for their age. */
  names: number
  /** Contents that had no name left and are gone from the store. */
  contents: number
  /** Whether there is more to do. */
  more: boolean
}

/**
 * Forgets uploads that are over, names that are too old, and contents without a name, in steps that may stop anywhere:
 * whatever was not done is found again.
 */
export async function cleanFiles(ctx: Context): Promise<Cleaned> {
  const { afterMs, groups } = ctx.config.fileExpiry
  const expireBefore = ctx.now() - afterMs
  let failed = 0
  const uploads = await repeat(async () => {
    const step = await cleanUploads(ctx, failed)
    failed += step.failed
    return { seen: step.seen, done: step.seen - step.failed }
  })
  const names = { done: 0, more: false }
  for (const group of groups) {
    const expired = await repeat(async () => {
      const done = await expireNames(ctx.db, group, expireBefore, STEP)
      return { seen: done, done }
    })
    names.done += expired.done
    names.more ||= expired.more
  }
  const orphans = await repeat(async () => {
    const { seen, dropped } = await dropOrphans(ctx.db, STEP)
    return { seen, done: dropped }
  })
  const contents = await repeat(() => cleanGarbage(ctx))
  return {
    uploads: uploads.done,
    names: names.done,
    contents: contents.done,
    more: uploads.more || names.more || orphans.more || contents.more,
  }
}

/** Takes steps until one finds less than a whole step's work, or there have been enough. */
async function repeat(step: () => Promise<{ seen: number; done: number }>): Promise<{ done: number; more: boolean }> {
  let done = 0
  for (let i = 0; i < STEPS; i++) {
    const taken = await step()
    done += taken.done
    if (taken.seen < STEP) return { done, more: false }
  }
  return { done, more: true }
}

async function cleanUploads(ctx: Context, skip: number): Promise<{ seen: number; failed: number }> {
  const before = ctx.now() - GRACE_MS
  const uploads = await findExpiredUploads(ctx.db, before, { limit: STEP, offset: skip })
  const over: string[] = []
  for (const upload of uploads) {
    if (await isLetGo(ctx, upload)) over.push(upload.uploadID)
  }
  if (over.length > 0) await deleteUploads(ctx.db, over)
  return { seen: uploads.length, failed: uploads.length - over.length }
}

/** Whether nothing of the upload is in the store any more, but for what became a file. */
async function isLetGo(ctx: Context, upload: FileUploadRow): Promise<boolean> {
  if (upload.completed) return true
  const { uploadID, storeUploadID, expireTime } = upload
  try {
    if (storeUploadID !== '') await ctx.files.abandonParts(storeKeyOf(uploadID), storeUploadID)
    const parts = storeUploadID === '' ? await findParts(ctx.db, uploadID) : []
    // Parts may have been joined and the file then not been named.
    await ctx.files.delete(storeUploadID === '' ? parts.map(({ tag }) => tag) : [storeKeyOf(uploadID)])
    return true
  } catch (error) {
    ctx.log.warn('an upload could not be cleaned away', { uploadID, error: reasonOf(error) })
    return expireTime < ctx.now() - GIVE_UP_MS
  }
}

async function cleanGarbage(ctx: Context): Promise<{ seen: number; done: number }> {
  const garbage = await findGarbage(ctx.db, STEP)
  if (garbage.length === 0) return { seen: 0, done: 0 }
  const keys = garbage.map(({ storeKey }) => storeKey)
  await ctx.files.delete(keys)
  for (const { hash } of garbage) {
    // Twice as many as there should be: some may have been made at the same time.
    const thumbnails = await ctx.files.list(thumbnailPrefix(hash), 2 * MAX_THUMBNAILS)
    if (thumbnails.length > 0) await ctx.files.delete(thumbnails)
  }
  await deleteGarbage(ctx.db, keys)
  return { seen: garbage.length, done: garbage.length }
}
