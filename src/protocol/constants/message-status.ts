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

/** `status` of a backend's call to send: whether its message is sent. */
export const SendStatus = { Unknown: 0, Sent: 2 } as const

/** `order` of a pull. OpenIM: it decides only which end of the log `isEnd` refers to. */
export const PullOrder = { Asc: 0, Desc: 1 } as const
