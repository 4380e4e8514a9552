/** `status` of a message. */
export const MessageStatus = {
  /** The status that a client sends; the message is stored and pushed as Sent. */
  Sending: 1,
  Sent: 2,
  Failed: 3,
  /** Also the status of a placeholder, which fills a seq without a message to show. */
  Deleted: 4,
} as const

export type MessageStatus = (typeof MessageStatus)[keyof typeof MessageStatus]

/** `msgFrom` of a message: written by a person, or made by the server. */
export const MsgFrom = { User: 100, System: 200 } as const

export type MsgFrom = (typeof MsgFrom)[keyof typeof MsgFrom]
