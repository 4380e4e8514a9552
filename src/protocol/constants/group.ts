export const GroupRole = { Owner: 100, Admin: 60, Member: 20 } as const

export const GroupStatus = { InUse: 0, Banned: 1, Dismissed: 2, Muted: 3 } as const
