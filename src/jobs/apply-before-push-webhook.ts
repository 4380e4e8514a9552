import { z } from 'zod'
import type { PushJob, PushReceiver } from '../contracts/jobs.ts'
import { usersByID } from '../features/user/get-users-info.ts'
import { inParallel } from '../platform/concurrency/parallel.ts'
import { ImError } from '../protocol/errors.ts'
import { MsgData } from '../protocol/proto/index.ts'
import { countsOnBadge } from '../push/compose-push.ts'
import { MAX_USERS, packMessage } from '../push/enqueue.ts'
import type { Context } from '../runtime/context.ts'
import { beforeOfflinePush } from '../webhook/before-push.ts'
import { validateReply } from '../webhook/validate-reply.ts'

type ReceiversJob = Extract<PushJob, { kind: 'ring' }>

const MAX_PARALLEL = 32

/** The receivers that the app server names: at most as many as one job holds, because each of them costs calls. */
const ChosenUsers = z.object({ userIDList: z.array(z.string()).max(MAX_USERS) })

/**
 * Asks the app server before an offline push. The app server may choose other receivers and other texts. A job that
 * repeats the push for some targets does not ask again.
 * @returns the job with the app server's changes; null when the app server refuses, or gives no answer although one is
 *   required
 */
export async function applyBeforePushWebhook(ctx: Context, job: ReceiversJob): Promise<ReceiversJob | null> {
  if (!ctx.config.webhooks.beforeOfflinePush) return job
  const msg = MsgData.decode(Buffer.from(job.message, 'base64'))
  const userIDs = job.receivers.map(({ userID }) => userID)
  try {
    const push = await beforeOfflinePush(ctx, msg, userIDs)
    const { userIDList } = validateReply('beforeOfflinePush', ChosenUsers, { userIDList: push.userIDs })
    const wanted = { ...msg, offlinePushInfo: push.info ?? undefined }
    const { operationID, conversationID, home } = job
    const message = packMessage({ operationID, conversationID, home, msg: MsgData.encode(wanted).finish() })
    return { kind: 'ring', ...message, receivers: await receiversOf(ctx, job, wanted, userIDList) }
  } catch (error) {
    if (!(error instanceof ImError)) throw error
    ctx.log.info('offline push refused by the app server', { code: error.code, conversationID: job.conversationID })
    return null
  }
}

/** A user that the app server adds gets the push only if the user is registered, is offline and wants pushes. */
async function receiversOf(
  ctx: Context,
  { receivers, conversationID, home }: ReceiversJob,
  msg: MsgData,
  userIDs: readonly string[],
): Promise<PushReceiver[]> {
  const known = new Map(receivers.map((receiver) => [receiver.userID, receiver]))
  const registered = await usersByID(
    ctx,
    userIDs.filter((userID) => !known.has(userID)),
  )
  const { sessionType, seq } = msg
  const question = { conversationID, home, sessionType, seq, countsOnBadge: countsOnBadge(msg) }
  const chosen = await inParallel([...new Set(userIDs)], MAX_PARALLEL, async (userID) => {
    const receiver = known.get(userID)
    if (receiver || !registered.has(userID)) return receiver ?? null
    const badge = await ctx.user(userID).claimOfflinePush(question)
    return badge === null ? null : { userID, badge }
  })
  return chosen.filter((receiver) => receiver !== null)
}
