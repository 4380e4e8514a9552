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
  /** A group has ended: its members are let go. */
  z.object({ kind: z.literal('group-dismissed'), operationID: z.string(), groupID: z.string() }),
  /** A conversation has its first message: the directory has to have it. */
  z.object({ kind: z.literal('conversation-begun'), operationID: z.string(), conversationID: z.string() }),
  /** One message to many users. `draft` is the encoded message, in base64; `batchID` makes a repeated job harmless. */
  z.object({ kind: z.literal('send-to-users'), ...batch, recvIDs: z.array(z.string()) }),
  /** The same to all users behind the one named. */
  z.object({ kind: z.literal('send-to-all'), ...batch, after: z.string() }),
])

export type TransferJob = z.output<typeof TransferJob>
