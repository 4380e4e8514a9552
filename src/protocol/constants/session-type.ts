/** The kind of a conversation by its participants; on the wire in every message. */
export const SessionType = {
  Single: 1,
  /**
   * OpenIM: a group copied into every member's inbox. Clients still know the number; the server refuses sends to it.
   */
  WriteGroup: 2,
  Group: 3,
  /** Between a notification account and a user. */
  Notification: 4,
} as const

export type SessionType = (typeof SessionType)[keyof typeof SessionType]
