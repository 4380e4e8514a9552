import type { Bindings } from '../env.ts'
import { announceImport } from '../features/friend/import-friends.ts'
import { noteProfileChange } from '../features/friend/note-profile-change.ts'
import { sendToAll, sendToUsers } from '../features/message/batch-send-msg.ts'
import { listConversation } from '../features/message/store.ts'
import { AfterReply } from '../platform/after-reply.ts'
import { configOf } from '../platform/config.ts'
import { type Context, createContext } from '../platform/context.ts'
import { TransferJob } from '../platform/jobs.ts'
import { createLog } from '../platform/log.ts'
import { retryDelay } from './retry-delay.ts'

const FIRST_RETRY_SECONDS = 2

/** Works through the jobs one after the other, each acknowledged or retried by itself. */
export async function runTransferJobs(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const log = createLog(configOf(env).logLevel, { queue: batch.queue })
  for (const message of batch.messages) {
    try {
      await runJob(TransferJob.parse(message.body), env)
      message.ack()
    } catch (error) {
      log.error('a job failed', error, { messageID: message.id, attempts: message.attempts })
      message.retry({ delaySeconds: retryDelay(FIRST_RETRY_SECONDS, message.attempts) })
    }
  }
}

async function runJob(job: TransferJob, env: Bindings): Promise<void> {
  const afterReply = new AfterReply()
  const ctx = createContext(env, job.operationID, afterReply)
  await handle(ctx, job)
  await afterReply.run(ctx.log)
}

async function handle(ctx: Context, job: TransferJob): Promise<void> {
  switch (job.kind) {
    case 'user-info-changed':
      return noteProfileChange(ctx, job.userID)
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
