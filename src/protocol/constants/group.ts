/** The role of a group member, on which its permissions depend. */
export const GroupRole = { Owner: 100, Admin: 60, Member: 20 } as const

export const GroupStatus = { InUse: 0, Banned: 1, Dismissed: 2, Muted: 3 } as const

/** The ways into a group that the owner or an administrator must approve. */
export const Verification = {
  /** Applications need approval; any member may invite users without approval. */
  Applications: 0,
  /** Applications and invitations need approval, except invitations by the owner or an administrator. */
  All: 1,
  /** No approval is needed. */
  None: 2,
} as const

/** How a member joined the group. */
export const JoinSource = { Direct: 0, ByAdmin: 1, Invitation: 2, Search: 3, QrCode: 4 } as const

/** OpenIM: the only kind of group. */
export const WORKING_GROUP = 2
