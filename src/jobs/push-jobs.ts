import type { PushConfig } from '../config/push.ts'
import { PushJob, type PushReceiver, type PushTarget, RetryLater } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { composePush, countsOnBadge } from '../push/compose-push.ts'
import { Credentials } from '../push/credentials.ts'
import { enqueueOfflinePush, toPushJobs, sendPushJobs } from '../push/enqueue.ts'
import { createProviders } from '../push/providers/index.ts'
import { chooseTargets } from '../push/choose-targets.ts'
import { sendPush } from '../push/send-push.ts'
import { removeDeadTokens, findTokens } from '../push/tokens.ts'
import type { Context } from '../runtime/context.ts'
import { applyBeforePushWebhook } from './apply-before-push-webhook.ts'

/** How many users' objects are asked at the same time. */
const MAX_PARALLEL = 32
const DEFAULT_DELAY_SECONDS = 5
/** A queue delays by twelve hours at most; nobody wants to be rung that late. */
const MAX_DELAY_SECONDS = 3_600

/**
 * Works off one job of the `push` queue. Whoever is done is not rung again: a job of which only a part is left goes on
 * as another one, of that part.
 * @throws RetryLater when nothing at all could be done
 */
export async function runPushJob(ctx: Context, env: Bindings, body: unknown): Promise<void> {
  const job = PushJob.parse(body)
  const config = ctx.config.push
  // Push was switched off while the job waited.
  if (!config) return
  if (job.kind === 'ask') await askUsers(ctx, env, job)
  else if (job.kind === 'ring') await ringReceivers(ctx, env, config, job)
  else await ringTargets(ctx, env, config, job, job.targets)
}

async function ringReceivers(
  ctx: Context,
  env: Bindings,
  config: PushConfig,
  given: Extract<PushJob, { kind: 'ring' }>,
): Promise<void> {
  const job = await applyBeforePushWebhook(ctx, given)
  if (!job) return
  const userIDs = job.receivers.map(({ userID }) => userID)
  const tokens = await findTokens(ctx.db, userIDs, ctx.now())
  await ringTargets(ctx, env, config, job, chooseTargets(config, job.receivers, tokens))
}

/** What is to be rung, whatever kind of job it is in. */
type Pushed = Pick<PushJob, 'operationID' | 'conversationID' | 'home' | 'message'>

async function ringTargets(
  ctx: Context,
  env: Bindings,
  config: PushConfig,
  job: Pushed,
  targets: PushTarget[],
): Promise<void> {
  if (targets.length === 0) return
  const push = composePush(config, job.conversationID, messageOf(job))
  const now = () => ctx.now()
  const providers = createProviders(config, { credentials: new Credentials(ctx.db, now), now })
  const { sent, left, learned, afterSeconds, dead } = await sendPush(providers, push, targets, ctx.log)
  for (const [provider, tokens] of dead) await removeDeadTokens(ctx.db, provider, tokens)
  ctx.log.debug('users were rung', { sent, left: left.length })
  if (left.length === 0) return
  const delaySeconds = Math.min(afterSeconds ?? DEFAULT_DELAY_SECONDS, MAX_DELAY_SECONDS)
  if (left.length === targets.length && !learned) {
    // Nothing was done, so the queue repeats the job itself: it counts the tries, and keeps what failed for good.
    throw new RetryLater('no vendor could take the push', afterSeconds === null ? null : delaySeconds)
  }
  const { operationID, conversationID, home, message } = job
  const rest: PushJob = { kind: 'retry', operationID, conversationID, home, message, targets: left }
  await sendPushJobs(env.PUSH_QUEUE, [rest], delaySeconds)
}

/** Asks the users' objects who is to be rung; whose object cannot be reached is asked again later. */
async function askUsers(ctx: Context, env: Bindings, job: Extract<PushJob, { kind: 'ask' }>): Promise<void> {
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
      ctx.log.error('a user could not be asked about an offline push', error, { userID })
      unreached.push(userID)
    }
  })
  if (unreached.length === job.userIDs.length && unreached.length > 0) {
    throw new RetryLater('no user could be asked', null)
  }
  const message = { operationID, conversationID, home, msg: Buffer.from(job.message, 'base64') }
  await sendPushJobs(env.PUSH_QUEUE, toPushJobs(message, receivers))
  await enqueueOfflinePush(env.PUSH_QUEUE, message, unreached)
}

function messageOf({ message }: Pushed): MsgData {
  return MsgData.decode(Buffer.from(message, 'base64'))
}
