import { z } from 'zod'

/*
 * Work that may wait for a queue. What is sent here is read by another deployment perhaps, so it is validated when it
 * comes out again.
 */

/** Jobs of the `transfer` queue. */
export const TransferJob = z.discriminatedUnion('kind', [
  /** A profile changed: the lists that show it have to say so. */
  z.object({ kind: z.literal('user-info-changed'), operationID: z.string(), userID: z.string() }),
])

export type TransferJob = z.output<typeof TransferJob>
