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
  /**
   * One step of a cleaning (see `jobs/cron.ts`), begun at `startTime` (ms): behind `cursor`, with so much removed so far.
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
