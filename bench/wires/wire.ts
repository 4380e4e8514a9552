/** A message that arrived at a client. */
export interface Arrival {
  /** Number of the sending user. */
  sender: number
  /** The sender's count of its messages, from 0 in each run. */
  count: number
  seq: number
  conversation: string
}

interface Sink {
  acked(count: number): void
  arrived(arrival: Arrival): void
}

/** The target of a message: a user, or a group whose members have consecutive numbers from `first`. */
export type Target = { user: number } | { group: { first: number; size: number } }

/** The client's side of one contender's protocol. Users are numbers; a run number separates a run from earlier ones. */
export interface Wire {
  /** Whether a sender receives its own messages, in the order of their seqs. */
  readonly echoes: boolean
  /** Whether the server sends a text frame first. */
  readonly greets: boolean
  /** The address that a user's client connects to. */
  address(user: number): string
  /** The payload of the frame that sends one message. */
  message(run: number, sender: number, count: number, target: Target): Uint8Array
  /**
   * Reads one binary frame.
   * @throws when the frame is an error or unexpected
   */
  read(payload: Buffer, run: number, sink: Sink): void
}
