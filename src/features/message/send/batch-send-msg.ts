import type { z } from 'zod'
import type { TransferJob } from '../../../contracts/jobs.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { derivedID, messageID } from '../../../runtime/ids.ts'
import { type BatchSendMsgReq, type SentMsg, sessionTypeOf } from '../schema.ts'
import { countUsers, userIDsAfter } from '../store.ts'
import { type BackendMessage, composeMessage, sendBackendMessage } from './backend-message.ts'
import { checkSender } from './check-sender.ts'
import { requireContent } from './content.ts'

/** Up to this many receivers get the message before the call is answered; a larger batch is queued. */
export const MAX_DIRECT_RECEIVERS = 500
/** Conversations that are written to at the same time. */
const MAX_PARALLEL = 16
/** Receivers of one job. One run of the queue consumer handles several jobs within its limit on object calls. */
const USERS_PER_JOB = 100
/** A queue message holds 128 KB: 100 userIDs take up to 40 KB, and base64 makes the message a third larger. */
const MAX_QUEUED_BYTES = 60_000
/** All users are read in pages of OpenIM's size; after PAGES_PER_JOB pages, a new job continues. */
const USERS_PER_PAGE = 500
const PAGES_PER_JOB = 10

interface BatchResult {
  results: (SentMsg & { recvID: string })[]
  failedUserIDs: string[]
  /**
   * Ours: the number of receivers that get the message from the queue within minutes; absent when nothing is queued.
   */
  queuedNum?: number
}

/** A message to many receivers. Each gets it with a clientMsgID that is derived from the batchID and the receiver. */
interface Batch {
  batchID: string
  message: BackendMessage
}

/**
 * Sends one message to many users, to each in the user's own chat with the sender. Up to MAX_DIRECT_RECEIVERS get it
 * before the answer, which has a result per receiver. For more receivers the message is queued, and a refusal by a
 * receiver is logged. A repeated call sends a new message, unless it has the same `clientMsgID`, as with `send_msg`.
 *
 * OpenIM: the call returns after the last receiver, which can take minutes, longer than clients wait.
 */
export async function batchSendMsg(ctx: CallerContext, req: z.output<typeof BatchSendMsgReq>): Promise<BatchResult> {
  requireContent(req)
  const exempt = await checkSender(ctx, req.sendID, sessionTypeOf(req))
  const batch = {
    batchID: req.clientMsgID || messageID(),
    message: { msg: composeMessage(req, ctx.now()), exempt },
  }
  if (!req.isSendAll) return sendToList(ctx, batch, [...new Set(req.recvIDs)])
  const firstUserIDs = await userIDsAfter(ctx.db, '', MAX_DIRECT_RECEIVERS + 1)
  if (firstUserIDs.length <= MAX_DIRECT_RECEIVERS) return sendToList(ctx, batch, firstUserIDs)
  await ctx.enqueue({ kind: 'send-to-all', ...batchFields(ctx, batch), after: '' })
  return { results: [], failedUserIDs: [], queuedNum: await countUsers(ctx.db) }
}

async function sendToList(ctx: Context, batch: Batch, recvIDs: string[]): Promise<BatchResult> {
  if (recvIDs.length <= MAX_DIRECT_RECEIVERS) return sendDirectly(ctx, batch, recvIDs)
  await enqueueJobs(ctx, batchFields(ctx, batch), recvIDs)
  return { results: [], failedUserIDs: [], queuedNum: recvIDs.length }
}

async function sendDirectly(ctx: Context, { batchID, message }: Batch, recvIDs: string[]): Promise<BatchResult> {
  const failedUserIDs: string[] = []
  const results = await inParallel(recvIDs, MAX_PARALLEL, async (recvID) => {
    try {
      const sent = await sendBackendMessage(ctx, message, { recvID, clientMsgID: derivedID(batchID, recvID) })
      return { ...sent, recvID }
    } catch (error) {
      if (!(error instanceof ImError)) ctx.log.error('batch send to one receiver failed', error, { recvID })
      failedUserIDs.push(recvID)
      return null
    }
  })
  return { results: results.filter((result) => result !== null), failedUserIDs }
}

/** The fields that every job of a batch repeats. `draft` is the stored name of the encoded message. */
type BatchFields = Pick<Extract<TransferJob, { kind: 'send-to-all' }>, 'operationID' | 'batchID' | 'draft' | 'exempt'>

/** @throws ImError 1001 when the message is too large for the queue */
function batchFields(ctx: Context, { batchID, message }: Batch): BatchFields {
  const bytes = MsgData.encode(message.msg).finish()
  if (bytes.length > MAX_QUEUED_BYTES) {
    throw ImError.args(
      `content: a message to more than ${MAX_DIRECT_RECEIVERS} users has at most ${MAX_QUEUED_BYTES} bytes`,
    )
  }
  return {
    operationID: ctx.operationID,
    batchID,
    draft: Buffer.from(bytes).toString('base64'),
    exempt: message.exempt,
  }
}

async function enqueueJobs(ctx: Context, batch: BatchFields, recvIDs: string[]): Promise<void> {
  for (let i = 0; i < recvIDs.length; i += USERS_PER_JOB) {
    await ctx.enqueue({ kind: 'send-to-users', ...batch, recvIDs: recvIDs.slice(i, i + USERS_PER_JOB) })
  }
}

/**
 * Sends the message of one job to its receivers. A refusal is final. After any other failure the whole job is retried;
 * a receiver that has the message does not get it twice, because the clientMsgID is the same.
 */
export async function sendToUsers(ctx: Context, job: Extract<TransferJob, { kind: 'send-to-users' }>): Promise<void> {
  const message = { msg: MsgData.decode(Buffer.from(job.draft, 'base64')), exempt: job.exempt }
  await inParallel(job.recvIDs, MAX_PARALLEL, async (recvID) => {
    try {
      await sendBackendMessage(ctx, message, { recvID, clientMsgID: derivedID(job.batchID, recvID) })
    } catch (error) {
      if (!(error instanceof ImError)) throw error
      ctx.log.warn('batch message rejected: refused for one receiver', {
        recvID,
        code: error.code,
        detail: error.errDlt,
      })
    }
  })
}

/** Splits a message to all users into jobs. After PAGES_PER_JOB pages of users, a new job continues with the rest. */
export async function sendToAll(ctx: Context, job: Extract<TransferJob, { kind: 'send-to-all' }>): Promise<void> {
  const { operationID, batchID, draft, exempt } = job
  const batch = { operationID, batchID, draft, exempt }
  let { after } = job
  for (let page = 0; page < PAGES_PER_JOB; page++) {
    const userIDs = await userIDsAfter(ctx.db, after, USERS_PER_PAGE)
    await enqueueJobs(ctx, batch, userIDs)
    if (userIDs.length < USERS_PER_PAGE) return
    after = userIDs.at(-1) as string
  }
  await ctx.enqueue({ kind: 'send-to-all', ...batch, after })
}
