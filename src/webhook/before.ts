import type { Config } from '../config/index.ts'
import type { Hook } from '../config/webhook.ts'
import type { Log } from '../platform/observability/log.ts'
import { type BeforeName, WEBHOOKS } from '../protocol/constants/webhook.ts'
import { ERRORS, ImError } from '../protocol/errors.ts'
import { messageID } from '../runtime/ids.ts'
import { BEFORE_REPLIES, type BeforeFields, type BeforeReply } from './commands.ts'
import { WebhookCallError, postWebhook } from './post.ts'
import { applyReply } from './apply-reply.ts'

/** What asking the app stands on; every context is one. */
export interface BeforeWebhookContext {
  readonly operationID: string
  readonly config: Config
  readonly log: Log
}

/** The app asks for the operation to be refused, when this comes with actionCode 0. */
const ABORT = 1

/**
 * Asks the app before something happens. Several addresses are asked at the same time; what a later one changes goes
 * over what an earlier one changed.
 * @returns what the app changes; null when nobody is asked or nobody answered
 * @throws ImError the app's own refusal; 90004 or 90007 when an address that must be heard cannot be, or talks nonsense
 */
export async function callBeforeWebhook<N extends BeforeName>(
  ctx: BeforeWebhookContext,
  name: N,
  fields: BeforeFields[N],
): Promise<BeforeReply<N> | null> {
  const hook = ctx.config.webhooks[name]
  if (!hook) return null
  const body = JSON.stringify({ callbackCommand: WEBHOOKS[name].command, ...fields })
  const answers = await Promise.allSettled(hook.urls.map((url) => askOne(ctx, name, { url, hook, body })))
  let merged: BeforeReply<N> | null = null
  for (const answer of answers) {
    if (answer.status === 'rejected') throw answer.reason
    if (answer.value) merged = merged ? applyReply(merged, answer.value) : answer.value
  }
  return merged
}

async function askOne<N extends BeforeName>(
  ctx: BeforeWebhookContext,
  name: N,
  { url, hook, body }: { url: string; hook: Hook; body: string },
): Promise<BeforeReply<N> | null> {
  let reply: BeforeReply<N>
  try {
    reply = parseReply(name, await callHook(ctx, name, { url, hook, body }))
  } catch (error) {
    if (!(error instanceof ImError)) throw error
    ctx.log.warn('a webhook was asked in vain', { webhook: name, url: withoutQuery(url), reason: error.errDlt })
    if (hook.failedContinue) return null
    throw error
  }
  if (reply.actionCode === 0 && reply.nextCode === ABORT) throw refusalOf(name, reply)
  return reply
}

async function callHook(
  ctx: BeforeWebhookContext,
  name: BeforeName,
  { url, hook, body }: { url: string; hook: Hook; body: string },
): Promise<string> {
  const { operationID, config } = ctx
  const call = { operationID, eventID: messageID(), timeoutMs: hook.timeoutMs, secret: config.webhookSecret }
  try {
    // OpenIM: the status is not looked at, only what the answer says.
    return (await postWebhook({ ...call, url, body })).body
  } catch (error) {
    if (error instanceof WebhookCallError) throw ImError.webhookUnreachable(`the app's webhook ${name}: ${error.message}`)
    throw error
  }
}

/** @throws ImError 90007 unless it is JSON in the shape of this webhook's answer */
function parseReply<N extends BeforeName>(name: N, text: string): BeforeReply<N> {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw ImError.badData(`the app's webhook ${name}: it did not answer JSON`)
  }
  const schema: (typeof BEFORE_REPLIES)[N] = BEFORE_REPLIES[name]
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data as BeforeReply<N>
  const [issue] = parsed.error.issues
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  throw ImError.badData(`the app's webhook ${name} answered ${where}${issue?.message ?? 'something else'}`)
}

/** OpenIM hands a refusal with errCode 0 on, which every client takes for success. */
function refusalOf(name: BeforeName, { errCode, errMsg, errDlt }: BeforeReply<BeforeName>): ImError {
  if (errCode !== 0) return new ImError(errCode, errMsg, errDlt)
  const { code, msg } = ERRORS.CallbackError
  return new ImError(code, errMsg || msg, errDlt || `the app's webhook ${name} refuses`)
}

/** A query may hold what only the two servers know. */
function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '')
}
