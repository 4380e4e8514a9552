/** One message that a soak user sends, and every answer to it: a retry keeps the clientMsgID. */
export interface SentMessage {
  conversationID: string
  sendID: string
  clientMsgID: string
  /** Counts per sender and conversation, in the order of sending. */
  ordinal: number
  answers: { serverMsgID: string; sendTime: number }[]
}

/** A message as a device or the server holds it. */
export interface KnownMessage {
  seq: number
  clientMsgID: string
  sendID: string
  sendTime: number
}

/** A push that reached a socket after a newer one of the same conversation, with a seq that the device did not know. */
export interface LatePush {
  userID: string
  conversationID: string
  seq: number
  newerSeq: number
}

/** Messages of one conversation by seq. */
export type Log = ReadonlyMap<number, KnownMessage>

/** Everything that a soak records for the verifier. */
export interface Ledger {
  sent: readonly SentMessage[]
  /** By user: every message that the device of that user holds, from pushes and pulls. */
  held: ReadonlyMap<string, ReadonlyMap<string, Log>>
  /** By user: every conversation as a fresh device of that user pulls it at the end. */
  fetched: ReadonlyMap<string, ReadonlyMap<string, Log>>
  /** By user and conversation: the highest read position that the server has acknowledged. */
  marked: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** By user and conversation: the read position and the newest seq that the server answers at the end. */
  positions: ReadonlyMap<string, ReadonlyMap<string, { hasReadSeq: number; maxSeq: number }>>
  latePushes: readonly LatePush[]
  /** A device was handed two different messages under one seq. */
  conflicts: readonly { userID: string; conversationID: string; seq: number }[]
}

/** Findings by broken promise. Every list must be empty; each sentence names the message. */
export interface Verdict {
  lost: string[]
  doubled: string[]
  reordered: string[]
  missing: string[]
  diverging: string[]
  latePushes: string[]
}
