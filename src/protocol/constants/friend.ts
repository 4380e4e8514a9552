/** `addSource` of a friendship: how it began. Entries of the block list have 0. */
export const FriendSource = { None: 0, Import: 1, Request: 2 } as const
