import { DAY_MS, HOUR_MS } from '../../platform/durations.ts'
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

/** Rows of one step: below the number of parameters that D1 accepts in one statement. */
const ROWS_PER_STEP = 50
/** Steps of one run; the next run continues. */
const MAX_STEPS = 20
/** No request still works on an upload that expired this long ago. */
const GRACE_MS = HOUR_MS
/** Stores delete abandoned parts themselves before this time, so a failing cleanup of an upload stops then. */
const GIVE_UP_MS = 30 * DAY_MS

/** The result of a run. */
export interface Cleaned {
  /** Deleted uploads: never completed ones, and completed ones that have expired. */
  uploads: number
  /** Deleted names that were older than the retention. */
  names: number
  /** Contents without a name that were deleted from the store. */
  contents: number
  /** Whether another run is needed. */
  more: boolean
}

/**
 * Deletes expired uploads, names older than the retention, and contents without a name. It may stop after any step: the
 * next run finds the rest.
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
      const done = await expireNames(ctx.db, group, expireBefore, ROWS_PER_STEP)
      return { seen: done, done }
    })
    names.done += expired.done
    names.more ||= expired.more
  }
  const orphans = await repeat(async () => {
    const { seen, dropped } = await dropOrphans(ctx.db, ROWS_PER_STEP)
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

/** Repeats a step until it finds fewer than ROWS_PER_STEP rows, at most MAX_STEPS times. */
async function repeat(step: () => Promise<{ seen: number; done: number }>): Promise<{ done: number; more: boolean }> {
  let done = 0
  for (let i = 0; i < MAX_STEPS; i++) {
    const result = await step()
    done += result.done
    if (result.seen < ROWS_PER_STEP) return { done, more: false }
  }
  return { done, more: true }
}

async function cleanUploads(ctx: Context, skip: number): Promise<{ seen: number; failed: number }> {
  const before = ctx.now() - GRACE_MS
  const uploads = await findExpiredUploads(ctx.db, before, { limit: ROWS_PER_STEP, offset: skip })
  const removable: string[] = []
  for (const upload of uploads) {
    if (await removeFromStore(ctx, upload)) removable.push(upload.uploadID)
  }
  if (removable.length > 0) await deleteUploads(ctx.db, removable)
  return { seen: uploads.length, failed: uploads.length - removable.length }
}

/** Removes an incomplete upload from the store. @returns whether its row may be deleted */
async function removeFromStore(ctx: Context, upload: FileUploadRow): Promise<boolean> {
  if (upload.completed) return true
  const { uploadID, storeUploadID, expireTime } = upload
  try {
    if (storeUploadID !== '') await ctx.files.abandonParts(storeKeyOf(uploadID), storeUploadID)
    const parts = storeUploadID === '' ? await findParts(ctx.db, uploadID) : []
    // A crash between joining the parts and naming the file leaves the joined file.
    await ctx.files.delete(storeUploadID === '' ? parts.map(({ tag }) => tag) : [storeKeyOf(uploadID)])
    return true
  } catch (error) {
    ctx.log.warn('upload cleanup failed', { uploadID, error: reasonOf(error) })
    return expireTime < ctx.now() - GIVE_UP_MS
  }
}

async function cleanGarbage(ctx: Context): Promise<{ seen: number; done: number }> {
  const garbage = await findGarbage(ctx.db, ROWS_PER_STEP)
  if (garbage.length === 0) return { seen: 0, done: 0 }
  const keys = garbage.map(({ storeKey }) => storeKey)
  await ctx.files.delete(keys)
  for (const { hash } of garbage) {
    // Twice the limit: parallel requests can exceed it.
    const thumbnails = await ctx.files.list(thumbnailPrefix(hash), 2 * MAX_THUMBNAILS)
    if (thumbnails.length > 0) await ctx.files.delete(thumbnails)
  }
  await deleteGarbage(ctx.db, keys)
  return { seen: garbage.length, done: garbage.length }
}
