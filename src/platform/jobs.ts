import { z } from 'zod'

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
  /** A conversation has its first message: the directory has to have it. */
  z.object({ kind: z.literal('conversation-begun'), operationID: z.string(), conversationID: z.string() }),
  /** One message to many users. `draft` is the encoded message, in base64; `batchID` makes a repeated job harmless. */
  z.object({ kind: z.literal('send-to-users'), ...batch, recvIDs: z.array(z.string()) }),
  /** The same to all users behind the one named. */
  z.object({ kind: z.literal('send-to-all'), ...batch, after: z.string() }),
])

export type TransferJob = z.output<typeof TransferJob>

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
