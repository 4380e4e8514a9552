/** `status` of a user: whether a device is connected. */
export const Presence = { Offline: 0, Online: 1 } as const

/** `genre` of a call that changes presence subscriptions. */
export const Genre = { Subscribe: 1, Unsubscribe: 2 } as const
