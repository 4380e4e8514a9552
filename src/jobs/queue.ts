import type { Bindings } from '../env.ts'
import { noteProfileChange } from '../features/friend/note-profile-change.ts'
import { configOf } from '../platform/config.ts'
import { createContext } from '../platform/context.ts'
import { TransferJob } from '../platform/jobs.ts'
import { createLog } from '../platform/log.ts'

const FIRST_RETRY_SECONDS = 2
const MAX_RETRY_SECONDS = 3_600

/** Works through a batch. Every message is acknowledged or retried by itself; what keeps failing goes to the dead letters. */
export async function consumeQueue(batch: MessageBatch<unknown>, env: Bindings): Promise<void> {
  const log = createLog(configOf(env).logLevel, { queue: batch.queue })
  for (const message of batch.messages) {
    try {
      await runJob(TransferJob.parse(message.body), env)
      message.ack()
    } catch (error) {
      log.error('a job failed', error, { messageID: message.id, attempts: message.attempts })
      message.retry({ delaySeconds: Math.min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS ** message.attempts) })
    }
  }
}

async function runJob(job: TransferJob, env: Bindings): Promise<void> {
  const ctx = createContext(env, job.operationID)
  await noteProfileChange(ctx, job.userID)
}
