import { z } from 'zod'
import type { Bindings } from '../env.ts'
import { announceImport } from '../features/friend/import-friends.ts'
import { noteProfileChange } from '../features/friend/note-profile-change.ts'
import { letMembersGo } from '../features/group/dismiss-group.ts'
import { noteProfileChangeInGroups } from '../features/group/note-profile-change.ts'
import { sendToAll, sendToUsers } from '../features/message/batch-send-msg.ts'
import { listConversation } from '../features/message/store.ts'
import { AfterReply } from '../platform/after-reply.ts'
import { configOf } from '../platform/config.ts'
import { type Context, createContext } from '../platform/context.ts'
import { RetryLater, TransferJob } from '../platform/jobs.ts'
import { createLog } from '../platform/log.ts'
import { inParallel } from '../platform/parallel.ts'
import { runPushJob } from './offline-push.ts'

const FIRST_RETRY_SECONDS = 2
const MAX_RETRY_SECONDS = 3_600

/** What a queue's messages are for. */
interface Consumer {
  /** Throws when the message is to come again. */
  run(ctx: Context, env: Bindings, body: unknown): Promise<void>
  /** How many messages are worked on at a time. */
  atATime: number
}

const TRANSFER: Consumer = { run: (ctx, _env, body) => handle(ctx, TransferJob.parse(body)), atATime: 1 }

/** By the queue's name in wrangler.toml. A vendor may take seconds to answer, so pushes do not wait for each other. */
const CONSUMERS: Readonly<Record<string, Consumer>> = {
  'openim-edge-transfer': TRANSFER,
  'openim-edge-push': { run: runPushJob, atATime: 6 },
}

/** Every job carries it: it ties the log lines together. */
const Traced = z.object({ operationID: z.string() })

/** Works through a batch. Every message is acknowledged or retried by itself; what keeps failing goes to the dead letters. */
export async function consumeQueue(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const log = createLog(configOf(env).logLevel, { queue: batch.queue })
  const consumer = CONSUMERS[batch.queue] ?? TRANSFER
  await inParallel(batch.messages, consumer.atATime, async (message) => {
    try {
      await runJob(consumer, message.body, env)
      message.ack()
    } catch (error) {
      log.error('a job failed', error, { messageID: message.id, attempts: message.attempts })
      message.retry({ delaySeconds: delayOf(error, message.attempts) })
    }
  })
}

function delayOf(error: unknown, attempts: number): number {
  const own = error instanceof RetryLater ? error.delaySeconds : null
  return own ?? Math.min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS ** attempts)
}

async function runJob(consumer: Consumer, body: unknown, env: Bindings): Promise<void> {
  const afterReply = new AfterReply()
  const ctx = createContext(env, Traced.parse(body).operationID, afterReply)
  await consumer.run(ctx, env, body)
  await afterReply.run(ctx.log)
}

async function handle(ctx: Context, job: TransferJob): Promise<void> {
  switch (job.kind) {
    case 'user-info-changed':
      await noteProfileChange(ctx, job.userID)
      return noteProfileChangeInGroups(ctx, job.userID)
    case 'group-dismissed':
      return letMembersGo(ctx, job.groupID)
    case 'friends-imported':
      return announceImport(ctx, job)
    case 'conversation-begun':
      return listConversation(ctx.db, job.conversationID)
    case 'send-to-users':
      return sendToUsers(ctx, job)
    case 'send-to-all':
      return sendToAll(ctx, job)
  }
}
