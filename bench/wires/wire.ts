/** A message as a client sees it arrive. */
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

/** Where a message goes: to a user, or to a group of users that are numbered from `first` on. */
export type Target = { user: number } | { group: { first: number; size: number } }

/** How one contender is spoken to. Users are numbers; a run is a number that tells its messages from earlier ones. */
export interface Wire {
  /** Whether a sender's own messages come back to it as messages, in the order of their seqs. */
  readonly echoes: boolean
  /** Whether a text frame comes first. */
  readonly greets: boolean
  /** The address that a user's client connects to. */
  address(user: number): string
  /** The payload of the frame that sends one message. */
  message(run: number, sender: number, count: number, target: Target): Uint8Array
  /** Reads one binary frame. @throws when the frame is an error or no frame that was waited for */
  read(payload: Buffer, run: number, sink: Sink): void
}
