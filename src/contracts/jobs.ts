import { z } from 'zod'
import { PROVIDERS } from '../config/push.ts'

/*
 * Work that may wait for a queue. What is sent here is read by another deployment perhaps, so it is validated when it
 * comes out again.
 */

const batch = { operationID: z.string(), batchID: z.string(), draft: z.base64(), exempt: z.boolean() }

/** Jobs of the `transfer` queue. */
export const TransferJob = z.discriminatedUnion('kind', [
  /** A profile changed: the lists that show it have to say so. */
  z.object({ kind: z.literal('user-info-changed'), operationID: z.string(), userID: z.string() }),
  /** A user has many new friends at once: their conversations and they themselves have to know. */
  z.object({
    kind: z.literal('friends-imported'),
    operationID: z.string(),
    ownerUserID: z.string(),
    friendUserIDs: z.array(z.string()),
  }),
  /** A group has ended: its members are let go. */
  z.object({ kind: z.literal('group-dismissed'), operationID: z.string(), groupID: z.string() }),
  /** A member asks to let many users into a group: those who manage it have to know. `uuid` tells events apart. */
  z.object({
    kind: z.literal('invitees-asked-for'),
    operationID: z.string(),
    groupID: z.string(),
    inviterUserID: z.string(),
    asked: z.array(z.object({ userID: z.string(), uuid: z.string() })),
  }),
  /** A conversation has its first message: the directory has to have it. */
  z.object({ kind: z.literal('conversation-begun'), operationID: z.string(), conversationID: z.string() }),
  /** One message to many users. `draft` is the encoded message, in base64; `batchID` makes a repeated job harmless. */
  z.object({ kind: z.literal('send-to-users'), ...batch, recvIDs: z.array(z.string()) }),
  /**
   * One step of a cleaning (see `jobs/cleaning.ts`), begun at `startTime` (ms): behind `cursor`, with so much removed so far.
   */
  z.object({
    kind: z.literal('clean'),
    operationID: z.string(),
    task: z.string(),
    startTime: z.number(),
    cursor: z.string(),
    removed: z.number(),
  }),
  /** The same to all users behind the one named. */
  z.object({ kind: z.literal('send-to-all'), ...batch, after: z.string() }),
])

export type TransferJob = z.output<typeof TransferJob>

/** An absent user, and the number for the app's badge. */
const PushReceiver = z.object({ userID: z.string(), badge: z.int() })

export type PushReceiver = z.output<typeof PushReceiver>

/** Where one notification goes: a device by its token, or, where the vendor knows users, a user by the ID. */
const PushTarget = z.object({
  provider: z.enum(PROVIDERS),
  userID: z.string(),
  /** Platforms it is meant for. */
  platforms: z.array(z.int()),
  /** "" for a user. */
  token: z.string(),
  vendor: z.string(),
  badge: z.int(),
  /** What the provider needs to know when it tries again; "" at first. */
  attempt: z.string(),
})

export type PushTarget = z.output<typeof PushTarget>

/** The message that absent users are rung for. */
const pushed = {
  operationID: z.string(),
  conversationID: z.string(),
  /** The chat that it belongs to: the same, or the notification conversation's twin. */
  home: z.string(),
  /** The encoded MsgData in base64; without its content where that would be too much for a queue. */
  message: z.base64(),
}

/** Jobs of the `push` queue. */
export const PushJob = z.discriminatedUnion('kind', [
  /** These users are to be rung. */
  z.object({ kind: z.literal('ring'), ...pushed, receivers: z.array(PushReceiver) }),
  /** Of these users those are to be rung who want it and whose phone does not listen: their objects know. */
  z.object({ kind: z.literal('ask'), ...pushed, userIDs: z.array(z.string()) }),
  /** What is left of a job after a vendor was busy. */
  z.object({ kind: z.literal('retry'), ...pushed, targets: z.array(PushTarget) }),
])

export type PushJob = z.output<typeof PushJob>

/** Thrown by a job that wants to be run again at a time of its choice. */
export class RetryLater extends Error {
  readonly delaySeconds: number | null

  /** @param delaySeconds null leaves it to the queue's own backoff */
  constructor(why: string, delaySeconds: number | null) {
    super(why)
    this.delaySeconds = delaySeconds
  }
}

/** One event on its way to one of the addresses that want it: a message of the `webhook` queue. */
export const WebhookJob = z.object({
  /** The same at every try, so that a receiver can tell a repeated delivery from a new event. */
  eventID: z.string(),
  /** The webhook's key in the configuration. */
  name: z.string(),
  operationID: z.string(),
  /** As configured; `key` is still to be added. */
  url: z.string(),
  /** What `/msg/send_simple_msg` answers a message by; "" for events that are none. */
  key: z.string(),
  /** The JSON text as it is sent; null when it is too large for the queue and waits in D1. */
  body: z.string().nullable(),
  /** When it happened, ms. */
  createTime: z.number(),
})

export type WebhookJob = z.output<typeof WebhookJob>
