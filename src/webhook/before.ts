import type { Config } from '../config/index.ts'
import type { Hook } from '../config/webhook.ts'
import type { Log } from '../platform/observability/log.ts'
import { type BeforeName, WEBHOOKS } from '../protocol/constants/webhook.ts'
import { ERRORS, ImError } from '../protocol/errors.ts'
import { messageID } from '../runtime/ids.ts'
import { findUnstorableText } from '../runtime/storable-text.ts'
import { applyReply } from './apply-reply.ts'
import { BEFORE_REPLIES, type BeforeFields, type BeforeReply } from './commands.ts'
import { postWebhook, WebhookCallError } from './post.ts'

/** The part of a context that calling before-webhooks needs. */
export interface BeforeWebhookContext {
  readonly operationID: string
  readonly config: Config
  readonly log: Log
}

/** `nextCode` with which the app server refuses the operation, if `actionCode` is 0. */
const ABORT = 1

/**
 * Asks the app server before an operation. Several addresses are asked at the same time; when two addresses change the
 * same field, the later address wins.
 * @returns the fields that the app server changes; null when the webhook is off or no address answered
 * @throws ImError the app server's own refusal; 90004 (no answer) or 90007 (malformed answer) without `failedContinue`
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
    ctx.log.warn('before-webhook failed', { webhook: name, url: withoutQuery(url), reason: error.errDlt })
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
    // OpenIM: ignores the HTTP status and reads only the body.
    const answer = await postWebhook({ ...call, url, body })
    if (!answer.isUtf8) throw ImError.badData(`the app's webhook ${name} answered bytes that are not UTF-8`)
    return answer.body
  } catch (error) {
    if (error instanceof WebhookCallError)
      throw ImError.webhookUnreachable(`the app's webhook ${name} failed: ${error.message}`)
    throw error
  }
}

/** @throws ImError 90007 when the text is not JSON in the shape of this webhook's reply, or has an unstorable text */
function parseReply<N extends BeforeName>(name: N, text: string): BeforeReply<N> {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw ImError.badData(`the app's webhook ${name} did not answer JSON`)
  }
  const unstorable = findUnstorableText(text, given)
  if (unstorable) {
    const { path, reason } = unstorable
    throw ImError.badData(`the app's webhook ${name} answered a wrong value: ${path}: ${reason}`)
  }
  const schema: (typeof BEFORE_REPLIES)[N] = BEFORE_REPLIES[name]
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data as BeforeReply<N>
  const [issue] = parsed.error.issues
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  throw ImError.badData(`the app's webhook ${name} answered a wrong value: ${where}${issue?.message ?? 'unknown'}`)
}

/** OpenIM: passes a refusal with errCode 0 on, which every client reads as success. So errCode 0 is replaced here. */
function refusalOf(name: BeforeName, { errCode, errMsg, errDlt }: BeforeReply<BeforeName>): ImError {
  if (errCode !== 0) return new ImError(errCode, errMsg, errDlt)
  const { code, msg } = ERRORS.CallbackError
  return new ImError(code, errMsg || msg, errDlt || `the app's webhook ${name} refused the operation`)
}

/** The query may hold a secret of the app server, which must not be logged. */
function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '')
}
