import type { PushJob, PushReceiver } from '../contracts/jobs.ts'
import { MsgData } from '../protocol/proto/index.ts'

/** The message that absent users are rung for. */
export interface PushedMessage {
  operationID: string
  conversationID: string
  /** The chat that it belongs to; differs from the conversation for a notification. */
  home: string
  /** The encoded MsgData. */
  msg: Uint8Array
}

/** So many users share a job: with two devices each, a batch of twenty jobs stays within 10,000 calls to vendors. */
export const MAX_USERS = 200
/** A queue takes 128,000 bytes a message, and 256,000 in one go. */
const MAX_USERS_BYTES = 24_000
const MAX_MESSAGE_BYTES = 72_000
const MAX_SEND_BYTES = 240_000
const MAX_SEND_JOBS = 100
/** What remains of each text of a message that is too large. */
const MAX_TEXT_CHARS = 2_000

/** The `push` queue, as far as it is needed here. */
export type PushQueue = Pick<Queue, 'sendBatch'>

/**
 * Has many users rung for one message, as the members of a large group who are not online. Each one's object is asked
 * whether the user wants that, what the badge shows and whether a phone has come back, so the caller needs to know
 * none of it. It must not name the sender, nor users to whom the message is handed with `deliver`: their objects see
 * to it themselves. Costs a queue message for up to 200 users and an object call for each of them.
 */
export async function enqueueOfflinePush(
  queue: PushQueue,
  message: PushedMessage,
  userIDs: readonly string[],
): Promise<void> {
  const base = packMessage(message)
  const parts = splitBySize(userIDs, (userID) => userID)
  await sendPushJobs(
    queue,
    parts.map((part) => ({ kind: 'ask', ...base, userIDs: part })),
  )
}

/** The jobs that ring these users without another question. */
export function toPushJobs(message: PushedMessage, receivers: readonly PushReceiver[]): PushJob[] {
  const base = packMessage(message)
  return splitBySize(receivers, ({ userID }) => userID).map((part) => ({ kind: 'ring', ...base, receivers: part }))
}

/** Puts jobs into the queue, in as few calls as its limits allow. */
export async function sendPushJobs(queue: PushQueue, jobs: readonly PushJob[], delaySeconds = 0): Promise<void> {
  let batch: { body: PushJob }[] = []
  let bytes = 0
  for (const body of jobs) {
    const size = Buffer.byteLength(JSON.stringify(body))
    if (batch.length === MAX_SEND_JOBS || (batch.length > 0 && bytes + size > MAX_SEND_BYTES)) {
      await queue.sendBatch(batch, { delaySeconds })
      batch = []
      bytes = 0
    }
    batch.push({ body })
    bytes += size
  }
  if (batch.length > 0) await queue.sendBatch(batch, { delaySeconds })
}

/** A message in the form that a job holds it. */
export function packMessage({ operationID, conversationID, home, msg }: PushedMessage) {
  const fitting = msg.length <= MAX_MESSAGE_BYTES ? msg : shrunk(msg)
  return { operationID, conversationID, home, message: Buffer.from(fitting).toString('base64') }
}

/** A notification needs neither the content nor what the clients attach to it. */
function shrunk(bytes: Uint8Array): Uint8Array {
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

function splitBySize<T>(items: readonly T[], userIDOf: (item: T) => string): T[][] {
  const parts: T[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const item of items) {
    // Quotes, the badge and what else stands around a userID in JSON.
    const size = JSON.stringify(userIDOf(item)).length * 3 + 32
    if (bytes + size > MAX_USERS_BYTES || parts.at(-1)?.length === MAX_USERS) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(item)
    bytes += size
  }
  return parts
}
