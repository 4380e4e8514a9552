import type { Counts } from '../counting/counts.ts'

/** One size of group, measured. */
export interface Measured {
  members: number
  listening: number
  /** How many messages were sent one after the other, and how many at once. */
  messages: number
  burst: number
  /** ms until the last listener had each of the single messages, and all of those sent at once. */
  delays: number[]
  burstMs: number
  /** Bytes of messages that objects of listeners were handed, per message. */
  bytes: number
  single: Counts
  together: Counts
}
