import type { PushConfig } from '../config/push.ts'
import { PushJob, type PushReceiver, type PushTarget, RetryLater } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { chooseTargets } from '../push/choose-targets.ts'
import { composePush, countsOnBadge } from '../push/compose-push.ts'
import { Credentials } from '../push/credentials.ts'
import { enqueueOfflinePush, sendPushJobs, toPushJobs } from '../push/enqueue.ts'
import { createProviders } from '../push/providers/index.ts'
import { sendPush } from '../push/send-push.ts'
import { findTokens, removeInvalidTokens } from '../push/tokens.ts'
import type { Context } from '../runtime/context.ts'
import { applyBeforePushWebhook } from './apply-before-push-webhook.ts'

/** How many users' objects are asked at the same time. */
const MAX_PARALLEL = 32
const DEFAULT_DELAY_SECONDS = 5
/** A queue can delay a message by up to twelve hours, but such a late push is useless. */
const MAX_DELAY_SECONDS = 3_600

/**
 * Runs one job of the `push` queue. The stored kinds mean: `ask` asks the users' objects who wants the push, `ring`
 * pushes to receivers, `retry` pushes to the targets that failed. When only a part of a job fails, a new job is
 * enqueued for that part, so that no user gets the push twice.
 * @throws RetryLater when every part of the job failed
 */
export async function runPushJob(ctx: Context, env: Bindings, body: unknown): Promise<void> {
  const job = PushJob.parse(body)
  const config = ctx.config.push
  // Push was switched off while the job waited.
  if (!config) return
  if (job.kind === 'ask') await askUserObjects(ctx, env, job)
  else if (job.kind === 'ring') await pushToReceivers(ctx, env, config, job)
  else await pushToTargets(ctx, env, config, job, job.targets)
}

async function pushToReceivers(
  ctx: Context,
  env: Bindings,
  config: PushConfig,
  given: Extract<PushJob, { kind: 'ring' }>,
): Promise<void> {
  const job = await applyBeforePushWebhook(ctx, given)
  if (!job) return
  const userIDs = job.receivers.map(({ userID }) => userID)
  const tokens = await findTokens(ctx.db, userIDs, ctx.now())
  await pushToTargets(ctx, env, config, job, chooseTargets(config, job.receivers, tokens))
}

/** The message of a job, which every kind of job has. */
type JobMessage = Pick<PushJob, 'operationID' | 'conversationID' | 'home' | 'message'>

async function pushToTargets(
  ctx: Context,
  env: Bindings,
  config: PushConfig,
  job: JobMessage,
  targets: PushTarget[],
): Promise<void> {
  if (targets.length === 0) return
  const push = composePush(config, job.conversationID, messageOf(job))
  const now = () => ctx.now()
  const providers = createProviders(config, { credentials: new Credentials(ctx.db, now), now })
  const round = await sendPush(providers, push, targets, ctx.log)
  for (const [provider, tokens] of round.invalidTokens) await removeInvalidTokens(ctx.db, provider, tokens)
  const { sentCount, retryTargets, retryAfterSeconds } = round
  ctx.log.debug('offline push sent', { sent: sentCount, retry: retryTargets.length })
  if (retryTargets.length === 0) return
  const delaySeconds = Math.min(retryAfterSeconds ?? DEFAULT_DELAY_SECONDS, MAX_DELAY_SECONDS)
  if (retryTargets.length === targets.length && !round.hasNewAttempt) {
    // Every target failed, so the queue retries the job itself: it counts the tries and keeps dead letters.
    throw new RetryLater('no vendor accepted the push', retryAfterSeconds === null ? null : delaySeconds)
  }
  const { operationID, conversationID, home, message } = job
  const rest: PushJob = { kind: 'retry', operationID, conversationID, home, message, targets: retryTargets }
  await sendPushJobs(env.PUSH_QUEUE, [rest], delaySeconds)
}

/** Asks each user's object whether the user wants the push. An object that cannot be reached is asked again later. */
async function askUserObjects(ctx: Context, env: Bindings, job: Extract<PushJob, { kind: 'ask' }>): Promise<void> {
  const msg = messageOf(job)
  const { operationID, conversationID, home } = job
  const question = {
    ...{ conversationID, home, sessionType: msg.sessionType, seq: msg.seq },
    countsOnBadge: countsOnBadge(msg),
  }
  const unreached: string[] = []
  const receivers: PushReceiver[] = []
  await inParallel(job.userIDs, MAX_PARALLEL, async (userID) => {
    try {
      const badge = await ctx.user(userID).claimOfflinePush(question)
      if (badge !== null) receivers.push({ userID, badge })
    } catch (error) {
      ctx.log.error('offline push check failed', error, { userID })
      unreached.push(userID)
    }
  })
  if (unreached.length === job.userIDs.length && unreached.length > 0) {
    throw new RetryLater('no user object could be reached', null)
  }
  const message = { operationID, conversationID, home, msg: Buffer.from(job.message, 'base64') }
  await sendPushJobs(env.PUSH_QUEUE, toPushJobs(message, receivers))
  await enqueueOfflinePush(env.PUSH_QUEUE, message, unreached)
}

function messageOf({ message }: JobMessage): MsgData {
  return MsgData.decode(Buffer.from(message, 'base64'))
}
