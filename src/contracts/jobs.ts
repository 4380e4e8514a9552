import { z } from 'zod'
import { PROVIDERS } from '../config/push.ts'

/*
 * The jobs of the queues. A newer deployment may read a job that an older deployment sent, so consumers validate each
 * job. The values of `kind` are stored in queues and must not change.
 */

const batch = { operationID: z.string(), batchID: z.string(), draft: z.base64(), exempt: z.boolean() }

/** Jobs of the `transfer` queue. */
export const TransferJob = z.discriminatedUnion('kind', [
  /** A profile changed: updates the lists that show it. */
  z.object({ kind: z.literal('user-info-changed'), operationID: z.string(), userID: z.string() }),
  /** An import gave a user many friends: updates the pairs' conversations and notifies the friends. */
  z.object({
    kind: z.literal('friends-imported'),
    operationID: z.string(),
    ownerUserID: z.string(),
    friendUserIDs: z.array(z.string()),
  }),
  /** A group was dismissed: removes its members. */
  z.object({ kind: z.literal('group-dismissed'), operationID: z.string(), groupID: z.string() }),
  /** A member's invitation of many users needs approval: notifies the group's managers. `uuid` is one event's ID. */
  z.object({
    kind: z.literal('invitees-asked-for'),
    operationID: z.string(),
    groupID: z.string(),
    inviterUserID: z.string(),
    asked: z.array(z.object({ userID: z.string(), uuid: z.string() })),
  }),
  /** A conversation has its first message: adds it to the conversation directory. */
  z.object({ kind: z.literal('conversation-begun'), operationID: z.string(), conversationID: z.string() }),
  /** One message to many users. `draft` is the encoded message, in base64; `batchID` makes a repeated job harmless. */
  z.object({ kind: z.literal('send-to-users'), ...batch, recvIDs: z.array(z.string()) }),
  /** One step of a nightly cleaning (see `jobs/cleaning.ts`): continues after `cursor`; `removed` counts earlier steps. */
  z.object({
    kind: z.literal('clean'),
    operationID: z.string(),
    task: z.string(),
    startTime: z.number(),
    cursor: z.string(),
    removed: z.number(),
  }),
  /** One message to all users whose userID is greater than `after`. */
  z.object({ kind: z.literal('send-to-all'), ...batch, after: z.string() }),
])

export type TransferJob = z.output<typeof TransferJob>

/** An offline user, and the number for the app's badge. */
const PushReceiver = z.object({ userID: z.string(), badge: z.int() })

export type PushReceiver = z.output<typeof PushReceiver>

/** The target of one push: a device by its token, or a user by the userID if the provider addresses users. */
const PushTarget = z.object({
  provider: z.enum(PROVIDERS),
  userID: z.string(),
  /** The platforms to which the provider pushes. */
  platforms: z.array(z.int()),
  /** "" when the target is a user. */
  token: z.string(),
  vendor: z.string(),
  badge: z.int(),
  /** State that the provider needs for a retry; "" at the first try. */
  attempt: z.string(),
})

export type PushTarget = z.output<typeof PushTarget>

/** The message of an offline push. */
const pushed = {
  operationID: z.string(),
  conversationID: z.string(),
  /** The conversationID of the chat. For a notification log, the chat to which the log belongs. */
  home: z.string(),
  /** The encoded MsgData in base64, without its content when the content is too large for the queue. */
  message: z.base64(),
}

/** Jobs of the `push` queue. */
export const PushJob = z.discriminatedUnion('kind', [
  /** `ring`: pushes to these users. */
  z.object({ kind: z.literal('ring'), ...pushed, receivers: z.array(PushReceiver) }),
  /** `ask`: asks the objects of these users, and pushes to users who want a push and whose phone is offline. */
  z.object({ kind: z.literal('ask'), ...pushed, userIDs: z.array(z.string()) }),
  /** `retry`: pushes to the targets for which a provider was busy before. */
  z.object({ kind: z.literal('retry'), ...pushed, targets: z.array(PushTarget) }),
])

export type PushJob = z.output<typeof PushJob>

/** Thrown by a job that must be retried after a certain delay. */
export class RetryLater extends Error {
  readonly delaySeconds: number | null

  /** @param delaySeconds null uses the queue's own backoff */
  constructor(why: string, delaySeconds: number | null) {
    super(why)
    this.delaySeconds = delaySeconds
  }
}

/** One after-webhook to one address: a message of the `webhook` queue. */
export const WebhookJob = z.object({
  /** The same at every try, so that a receiver can recognise a repeated delivery. */
  eventID: z.string(),
  /** The webhook's key in the configuration. */
  name: z.string(),
  operationID: z.string(),
  /** The configured address, without `key`. */
  url: z.string(),
  /** The key with which the app server can answer a message through `/msg/send_simple_msg`; "" for other events. */
  key: z.string(),
  /** The JSON text of the request; null when it is too large for the queue and is stored in D1. */
  body: z.string().nullable(),
  /** When the event happened, ms. */
  createTime: z.number(),
})

export type WebhookJob = z.output<typeof WebhookJob>
