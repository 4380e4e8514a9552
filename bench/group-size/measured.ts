import type { Counts } from '../counting/counts.ts'

/** The measurement of one group size. */
export interface Measured {
  members: number
  listening: number
  /** The number of messages sent one after the other, and the number sent at the same time. */
  messages: number
  burst: number
  /** Time (ms) until the last online member had each single message, and until it had the whole burst. */
  delays: number[]
  burstMs: number
  /** Bytes of messages that were delivered to the objects of online members, per message. */
  bytes: number
  single: Counts
  together: Counts
}
