import type { z } from 'zod'
import type { TransferJob } from '../../../contracts/jobs.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { derivedID, messageID } from '../../../runtime/ids.ts'
import { type BatchSendMsgReq, type SentMsg, sessionTypeOf } from '../schema.ts'
import { countUsers, userIDsAfter } from '../store.ts'
import { accessSender } from './access-sender.ts'
import { requireContent } from './content.ts'
import { composeMessage, type Draft, sendDraft } from './draft.ts'

/** Up to so many receivers are served before the call is answered. */
export const MAX_AT_ONCE = 500
/** So many conversations are written to at the same time. */
const MAX_PARALLEL = 16
/** What one job sends: some of a batch of jobs fit into one run of the consumer, with its limit on calls. */
const USERS_PER_JOB = 100
/** A message of the queue holds 128 KB; a hundred userIDs take up to 40 of them, and base64 adds a third. */
const MAX_QUEUED_BYTES = 60_000
/** All users are read in pages of OpenIM's size; after so many pages the rest is a job of its own. */
const USERS_PER_PAGE = 500
const PAGES_PER_JOB = 10

interface BatchResult {
  results: (SentMsg & { recvID: string })[]
  failedUserIDs: string[]
  /** Ours: so many receivers get the message within the next minutes; absent when there is nobody left to wait for. */
  queuedNum?: number
}

/** A draft under way to many, each of whom gets it under an ID that follows from the batch's. */
interface Batch {
  batchID: string
  draft: Draft
}

/**
 * Sends one message to many users, each in a chat of its own. Few are served at once and answered for one by one. To
 * many, and to everybody, it goes by queue: OpenIM holds the call until the last one is served, for minutes if need
 * be, which no client waits for. What a queued receiver refuses is logged. A call that is repeated is a new message,
 * as with `send_msg`, unless it comes with the same `clientMsgID`.
 */
export async function batchSendMsg(ctx: CallerContext, req: z.output<typeof BatchSendMsgReq>): Promise<BatchResult> {
  requireContent(req)
  const exempt = await accessSender(ctx, req.sendID, sessionTypeOf(req))
  const batch = {
    batchID: req.clientMsgID || messageID(),
    draft: { msg: composeMessage(req, ctx.now()), exempt },
  }
  if (!req.isSendAll) return sendToGiven(ctx, batch, [...new Set(req.recvIDs)])
  const few = await userIDsAfter(ctx.db, '', MAX_AT_ONCE + 1)
  if (few.length <= MAX_AT_ONCE) return sendToGiven(ctx, batch, few)
  await ctx.enqueue({ kind: 'send-to-all', ...packed(ctx, batch), after: '' })
  return { results: [], failedUserIDs: [], queuedNum: await countUsers(ctx.db) }
}

async function sendToGiven(ctx: Context, batch: Batch, recvIDs: string[]): Promise<BatchResult> {
  if (recvIDs.length <= MAX_AT_ONCE) return sendAtOnce(ctx, batch, recvIDs)
  await queueFor(ctx, packed(ctx, batch), recvIDs)
  return { results: [], failedUserIDs: [], queuedNum: recvIDs.length }
}

async function sendAtOnce(ctx: Context, { batchID, draft }: Batch, recvIDs: string[]): Promise<BatchResult> {
  const failedUserIDs: string[] = []
  const results = await inParallel(recvIDs, MAX_PARALLEL, async (recvID) => {
    try {
      return { ...(await sendDraft(ctx, draft, { recvID, clientMsgID: derivedID(batchID, recvID) })), recvID }
    } catch (error) {
      if (!(error instanceof ImError)) ctx.log.error('a receiver of a batch could not be served', error, { recvID })
      failedUserIDs.push(recvID)
      return null
    }
  })
  return { results: results.filter((result) => result !== null), failedUserIDs }
}

type PackedBatch = Pick<Extract<TransferJob, { kind: 'send-to-all' }>, 'operationID' | 'batchID' | 'draft' | 'exempt'>

/** @throws ImError 1001 when the message is too large for the queue */
function packed(ctx: Context, { batchID, draft }: Batch): PackedBatch {
  const bytes = MsgData.encode(draft.msg).finish()
  if (bytes.length > MAX_QUEUED_BYTES) {
    throw ImError.args(`content: to more than ${MAX_AT_ONCE} users a message has at most ${MAX_QUEUED_BYTES} bytes`)
  }
  return {
    operationID: ctx.operationID,
    batchID,
    draft: Buffer.from(bytes).toString('base64'),
    exempt: draft.exempt,
  }
}

async function queueFor(ctx: Context, batch: PackedBatch, recvIDs: string[]): Promise<void> {
  for (let i = 0; i < recvIDs.length; i += USERS_PER_JOB) {
    await ctx.enqueue({ kind: 'send-to-users', ...batch, recvIDs: recvIDs.slice(i, i + USERS_PER_JOB) })
  }
}

/** Serves the receivers of one job. Refusals are final; any other failure brings the whole job again, which is harmless. */
export async function sendToUsers(ctx: Context, job: Extract<TransferJob, { kind: 'send-to-users' }>): Promise<void> {
  const draft = { msg: MsgData.decode(Buffer.from(job.draft, 'base64')), exempt: job.exempt }
  await inParallel(job.recvIDs, MAX_PARALLEL, async (recvID) => {
    try {
      await sendDraft(ctx, draft, { recvID, clientMsgID: derivedID(job.batchID, recvID) })
    } catch (error) {
      if (!(error instanceof ImError)) throw error
      ctx.log.warn('a receiver of a batch refused', { recvID, code: error.code, detail: error.errDlt })
    }
  })
}

/** Splits a message to everybody into jobs, a stretch of users at a time. */
export async function sendToAll(ctx: Context, job: Extract<TransferJob, { kind: 'send-to-all' }>): Promise<void> {
  const { operationID, batchID, draft, exempt } = job
  const batch = { operationID, batchID, draft, exempt }
  let { after } = job
  for (let page = 0; page < PAGES_PER_JOB; page++) {
    const userIDs = await userIDsAfter(ctx.db, after, USERS_PER_PAGE)
    await queueFor(ctx, batch, userIDs)
    if (userIDs.length < USERS_PER_PAGE) return
    after = userIDs.at(-1) as string
  }
  await ctx.enqueue({ kind: 'send-to-all', ...batch, after })
}
