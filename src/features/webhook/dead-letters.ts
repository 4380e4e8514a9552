import type { z } from 'zod'
import type { WebhookJob } from '../../contracts/jobs.ts'
import { isWebhookName } from '../../protocol/constants/webhook.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { sendWebhookJobs } from '../../webhook/after.ts'
import { type DeadLetter, deadLetterJobs, deadLetterPage, removeDeadLetters } from '../../webhook/store/dead-letters.ts'
import type { DeleteDeadLettersReq, GetDeadLettersReq, ReplayReq } from './schema.ts'

/** So many are sent again at a time: their bodies are in memory together. */
const REPLAYED_TOGETHER = 50
/** So many a call, at most. */
const MAX_REPLAYED = 1_000

/** A dead letter on the wire; times in ms. */
type DeadLetterInfo = Omit<DeadLetter, 'name' | 'key'> & { webhook: string }

/** What no try could deliver, newest first. */
export async function getDeadLetters(
  ctx: CallerContext,
  { webhook, pagination }: z.output<typeof GetDeadLettersReq>,
): Promise<{ total: number; deadLetters: DeadLetterInfo[] }> {
  const { total, rows } = await deadLetterPage(ctx.db, webhook, pageWindow(pagination))
  return { total, deadLetters: rows.map(({ name, key: _, ...row }) => ({ webhook: name, ...row })) }
}

/**
 * Sends dead letters again: they are in the queue before they leave the database, so that none is lost on the way. The
 * event keeps its ID.
 * @returns how many; with `all` there may be more left
 * @throws ImError 1004 when a letter is not there
 */
export async function replay(
  ctx: CallerContext,
  { ids, all }: z.output<typeof ReplayReq>,
): Promise<{ replayed: number }> {
  let replayed = 0
  for (let from = 0; from < (all ? MAX_REPLAYED : ids.length); from += REPLAYED_TOGETHER) {
    const given = ids.slice(from, from + REPLAYED_TOGETHER)
    // What was replayed is gone, so the oldest are always the next ones.
    const letters = await deadLetterJobs(ctx.db, all ? { after: 0, limit: REPLAYED_TOGETHER } : { ids: given })
    const missing = given.find((id) => !letters.some((letter) => letter.id === id))
    if (missing !== undefined) throw ImError.notFound(`there is no dead letter ${missing}`)
    if (letters.length === 0) break
    await sendWebhookJobs(
      ctx,
      letters.flatMap(({ job }) => readdressed(ctx, job)),
    )
    await removeDeadLetters(
      ctx.db,
      letters.map(({ id }) => id),
    )
    replayed += letters.length
  }
  return { replayed }
}

/** Where a letter goes now: its address may have been the mistake. One that is not configured any more is replaced by those that are. */
function readdressed(ctx: CallerContext, job: WebhookJob): WebhookJob[] {
  const urls = (isWebhookName(job.name) && ctx.config.webhooks[job.name]?.urls) || []
  if (urls.length === 0) throw ImError.args(`the webhook ${job.name} is switched off`)
  return urls.includes(job.url) ? [job] : urls.map((url) => ({ ...job, url }))
}

/** Gives dead letters up. */
export async function deleteDeadLetters(
  ctx: CallerContext,
  { ids }: z.output<typeof DeleteDeadLettersReq>,
): Promise<{ deleted: number }> {
  return { deleted: await removeDeadLetters(ctx.db, ids) }
}
