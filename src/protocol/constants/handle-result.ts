/** The state of a friend request or of a request to join a group, as OpenIM numbers it. */
export const HandleResult = { Pending: 0, Agreed: 1, Refused: -1 } as const
export type HandleResult = (typeof HandleResult)[keyof typeof HandleResult]
