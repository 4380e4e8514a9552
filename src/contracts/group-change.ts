/*
 * A change of a group as it goes from the verb that decided it to the group's conversation, which carries it out: D1,
 * the conversation's own copy of its members, and what the members are told.
 */

/** A group's row in D1. */
export interface GroupRecord {
  groupID: string
  groupName: string
  notification: string
  introduction: string
  faceURL: string
  ownerUserID: string
  createTime: number
  memberCount: number
  ex: string
  status: number
  creatorUserID: string
  groupType: number
  needVerification: number
  lookMemberInfo: number
  applyMemberFriend: number
  notificationUpdateTime: number
  notificationUserID: string
}

/** A member's row in D1. */
export interface GroupMemberRecord {
  groupID: string
  userID: string
  nickname: string
  faceURL: string
  roleLevel: number
  joinTime: number
  joinSource: number
  inviterUserID: string
  operatorUserID: string
  muteEndTime: number
  ex: string
}

/** What may change of a member. */
export type GroupMemberFields = Partial<
  Pick<GroupMemberRecord, 'nickname' | 'faceURL' | 'ex' | 'roleLevel' | 'muteEndTime'>
>

/** The answer to a request to join. */
export interface JoinAnswer {
  userID: string
  handleResult: 1 | -1
  handleUserID: string
  handledMsg: string
  handledTime: number
}

/** What the members are told of a change. */
export interface GroupNotice {
  contentType: number
  /** The user who acts. */
  sendID: string
  senderNickname?: string
  senderFaceURL?: string
  /**
   * The tips in OpenIM's JSON names. The versions are filled in, and `group` and changed members brought up to what they
   * are, once the change is made: another may have come in between.
   */
  detail: object
  /** Whether the chat shows it; absent = as its kind says. */
  toChat?: boolean
  /** Of those who come or go only these are handed it; absent = all of them. The others read it, as far as they may. */
  handedTo?: string[]
}

export interface GroupChange {
  operationID: string
  groupID: string
  /** ms. */
  time: number
  /** The group itself, when it is new. */
  create?: GroupRecord
  /** Fields of the group that change. */
  set?: Partial<Omit<GroupRecord, 'groupID' | 'memberCount'>>
  join?: GroupMemberRecord[]
  update?: { userID: string; set: GroupMemberFields }[]
  leave?: string[]
  /**
   * Whoever is a member at that moment leaves. Of a group with relays, where they are too many for one step, they only
   * no longer have the group in their lists; `leave` lets them go afterwards.
   */
  everybodyLeaves?: boolean
  answer?: JoinAnswer
  /** What the decision rests on: the roles that certain members had. Should one have another by now, it is refused. */
  roles?: { userID: string; roleLevel: number }[]
  /** The member who makes the change: what they must still be at least by then. Absent = the app, or one who comes. */
  actor?: { userID: string; roleLevel: number }
  /** Each is a step of the member list's version, so that clients can apply one after the other. */
  notices: GroupNotice[]
  /** The user who makes the call; the devices hear of it from the call's own process, once it is answered. "" = none. */
  callerUserID: string
}

/** A notice as it stands in the log. */
interface AppendedNotice {
  conversationID: string
  /** 0 for one that is not stored. */
  seq: number
  sendTime: number
  sendID: string
  msg: Uint8Array
}

export interface GroupChanged {
  memberCount: number
  /** Those of the user who makes the call. */
  notices: AppendedNotice[]
}
