import type { PushJob, PushReceiver } from '../contracts/jobs.ts'
import { inBatches } from '../platform/concurrency/batches.ts'
import { MsgData } from '../protocol/proto/index.ts'

/** A message for which offline users get a push. */
export interface PushedMessage {
  operationID: string
  conversationID: string
  /** Name of the ConversationObject that stores the message; for a notification it is the ID of the chat. */
  home: string
  /** The encoded MsgData. */
  msg: Uint8Array
}

/** Users per job: with two devices each, a batch of twenty jobs makes at most 10,000 calls to vendors. */
export const MAX_USERS = 200
/** Cloudflare Queues accept 128,000 bytes per message, and 256,000 per `sendBatch`. */
const MAX_USERS_BYTES = 24_000
const MAX_MESSAGE_BYTES = 72_000
const MAX_SEND_BYTES = 240_000
const MAX_SEND_JOBS = 100
/** Each text of a message that is too large for a job is cut to this length. */
const MAX_TEXT_CHARS = 2_000

/** The part of the `push` queue that this file uses. */
export type PushQueue = Pick<Queue, 'sendBatch'>

/**
 * Enqueues the push of one message to many users, such as the offline members of a large group. The job asks each
 * user's object whether the user wants the push, which number the badge shows, and whether a phone has reconnected. So
 * the caller needs only the userIDs. Do not pass the sender, nor users who get the message through `deliver`: the
 * objects of these users enqueue the push. Costs one queue message per 200 users, and one object call per user.
 */
export async function enqueueOfflinePush(
  queue: PushQueue,
  message: PushedMessage,
  userIDs: readonly string[],
): Promise<void> {
  const base = packMessage(message)
  const batches = inJobSizes(userIDs, (userID) => userID)
  await sendPushJobs(
    queue,
    batches.map((batch) => ({ kind: 'ask', ...base, userIDs: batch })),
  )
}

/** The jobs that push to these users without asking their objects again. */
export function toPushJobs(message: PushedMessage, receivers: readonly PushReceiver[]): PushJob[] {
  const base = packMessage(message)
  // Stored jobs use the kind `ring` for a push.
  return inJobSizes(receivers, ({ userID }) => userID).map((batch) => ({ kind: 'ring', ...base, receivers: batch }))
}

/** Puts jobs into the queue, in as few calls as the limits of the queue allow. */
export async function sendPushJobs(queue: PushQueue, jobs: readonly PushJob[], delaySeconds = 0): Promise<void> {
  const bytesOf = (job: PushJob) => Buffer.byteLength(JSON.stringify(job))
  for (const batch of inBatches(jobs, bytesOf, { maxItems: MAX_SEND_JOBS, maxBytes: MAX_SEND_BYTES })) {
    await queue.sendBatch(
      batch.map((body) => ({ body })),
      { delaySeconds },
    )
  }
}

/** A message as a job stores it. */
export function packMessage({ operationID, conversationID, home, msg }: PushedMessage) {
  const fitting = msg.length <= MAX_MESSAGE_BYTES ? msg : shrinkMessage(msg)
  return { operationID, conversationID, home, message: Buffer.from(fitting).toString('base64') }
}

/** A push shows neither the content nor the data that clients attach to a message. */
function shrinkMessage(bytes: Uint8Array): Uint8Array {
  const msg = MsgData.decode(bytes)
  const { offlinePushInfo: info } = msg
  const cut = (text: string) => text.slice(0, MAX_TEXT_CHARS)
  return MsgData.encode({
    ...msg,
    content: new Uint8Array(),
    attachedInfo: '',
    ex: '',
    senderFaceURL: cut(msg.senderFaceURL),
    senderNickname: cut(msg.senderNickname),
    atUserIDList: [],
    offlinePushInfo: info && {
      ...info,
      title: cut(info.title),
      desc: cut(info.desc),
      ex: info.ex.length > MAX_TEXT_CHARS ? '' : info.ex,
      iOSPushSound: cut(info.iOSPushSound),
      signalInfo: '',
    },
  }).finish()
}

/** Splits users into the batches that one job may hold. */
function inJobSizes<T>(items: readonly T[], userIDOf: (item: T) => string): T[][] {
  // A character has at most 3 bytes; 32 bytes cover the quotes, the badge and the other JSON around a userID.
  const bytesOf = (item: T) => JSON.stringify(userIDOf(item)).length * 3 + 32
  return inBatches(items, bytesOf, { maxItems: MAX_USERS, maxBytes: MAX_USERS_BYTES })
}
