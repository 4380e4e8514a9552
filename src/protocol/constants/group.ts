/** What a member of a group may do. */
export const GroupRole = { Owner: 100, Admin: 60, Member: 20 } as const

export const GroupStatus = { InUse: 0, Banned: 1, Dismissed: 2, Muted: 3 } as const

/** Who may come in without being approved. */
export const Verification = {
  /** Applications are approved; members bring in whom they like. */
  Applications: 0,
  /** Everything is approved but an invitation by the owner or an administrator. */
  All: 1,
  /** Nothing is. */
  None: 2,
} as const

/** How a member came in. */
export const JoinSource = { Direct: 0, ByAdmin: 1, Invitation: 2, Search: 3, QrCode: 4 } as const

/** OpenIM's one kind of group. */
export const WORKING_GROUP = 2
