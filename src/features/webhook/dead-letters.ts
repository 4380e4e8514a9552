import type { z } from 'zod'
import type { WebhookJob } from '../../contracts/jobs.ts'
import { isWebhookName } from '../../protocol/constants/webhook.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { sendWebhookJobs } from '../../webhook/after.ts'
import { type DeadLetter, deadLetterJobs, deadLetterPage, removeDeadLetters } from '../../webhook/store/dead-letters.ts'
import type { DeleteDeadLettersReq, GetDeadLettersReq, ReplayReq } from './schema.ts'

/** Dead letters that are replayed at a time; their bodies are in memory together. */
const REPLAY_BATCH = 50
/** Dead letters that one call replays with `all`. */
const MAX_REPLAYED = 1_000

/** A dead letter on the wire; times in ms. */
type DeadLetterInfo = Omit<DeadLetter, 'name' | 'key'> & { webhook: string }

/** Lists the webhooks whose every delivery attempt failed, newest first. */
export async function getDeadLetters(
  ctx: CallerContext,
  { webhook, pagination }: z.output<typeof GetDeadLettersReq>,
): Promise<{ total: number; deadLetters: DeadLetterInfo[] }> {
  const { total, rows } = await deadLetterPage(ctx.db, webhook, pageWindow(pagination))
  return { total, deadLetters: rows.map(({ name, key: _, ...row }) => ({ webhook: name, ...row })) }
}

/**
 * Sends dead letters again, with the same eventID. They are in the queue before they are deleted from the database, so
 * that a crash loses none of them.
 * @returns the number of replayed letters; with `all`, at most MAX_REPLAYED per call
 * @throws ImError 1004 when a letter does not exist
 */
export async function replay(
  ctx: CallerContext,
  { ids, all }: z.output<typeof ReplayReq>,
): Promise<{ replayed: number }> {
  let replayed = 0
  for (let from = 0; from < (all ? MAX_REPLAYED : ids.length); from += REPLAY_BATCH) {
    const given = ids.slice(from, from + REPLAY_BATCH)
    // Replayed letters are deleted, so each round reads the oldest of the rest.
    const letters = await deadLetterJobs(ctx.db, all ? { after: 0, limit: REPLAY_BATCH } : { ids: given })
    const missing = given.find((id) => !letters.some((letter) => letter.id === id))
    if (missing !== undefined) throw ImError.notFound(`there is no dead letter ${missing}`)
    if (letters.length === 0) break
    await sendWebhookJobs(
      ctx,
      letters.flatMap(({ job }) => withCurrentURLs(ctx, job)),
    )
    await removeDeadLetters(
      ctx.db,
      letters.map(({ id }) => id),
    )
    replayed += letters.length
  }
  return { replayed }
}

/**
 * Sets the URL of a replayed letter. A URL that is not configured any more is replaced by the configured ones, because
 * a wrong URL may be the reason for the failure.
 */
function withCurrentURLs(ctx: CallerContext, job: WebhookJob): WebhookJob[] {
  const urls = (isWebhookName(job.name) && ctx.config.webhooks[job.name]?.urls) || []
  if (urls.length === 0) throw ImError.args(`the webhook ${job.name} is not configured`)
  return urls.includes(job.url) ? [job] : urls.map((url) => ({ ...job, url }))
}

/** Deletes dead letters without delivery. */
export async function deleteDeadLetters(
  ctx: CallerContext,
  { ids }: z.output<typeof DeleteDeadLettersReq>,
): Promise<{ deleted: number }> {
  return { deleted: await removeDeadLetters(ctx.db, ids) }
}
