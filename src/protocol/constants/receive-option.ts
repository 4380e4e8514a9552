/** How a user receives the messages of a conversation (`recvMsgOpt`), or of all of them (`globalRecvMsgOpt`). */
export const ReceiveOption = {
  /** Messages arrive, and offline devices get a push. */
  Notify: 0,
  /** Messages are refused: the sender of a one-to-one message gets an error. */
  Block: 1,
  /** Messages arrive, without an offline push. */
  Silent: 2,
} as const
