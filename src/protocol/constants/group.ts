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

/** `groupType` of a group; None stands where a message has no group. */
export const GroupType = { None: 0, Working: WORKING_GROUP } as const

/** `lookMemberInfo` and `applyMemberFriend` of a group: what members may do with each other. */
export const MemberRight = { Allowed: 0, Forbidden: 1 } as const

/** `groupAtType` of a conversation: why a group's conversation asks for its owner's attention. */
export const GroupAtType = { None: 0, Me: 1, All: 2, AllAndMe: 3, Announcement: 4 } as const

/** `filter` of a member list. */
export const MemberFilter = { All: 0, Owner: 1, Admins: 2, Members: 3, MembersAndAdmins: 4, OwnerAndAdmins: 5 } as const

/** `receiverAs` of the answer to a request to join: the part that the receiver of the notification has in it. */
export const ReceiverAs = { Applicant: 0, Manager: 1 } as const
