/*
 * A change of a group. A feature decides the change and sends it to the group's ConversationObject. The object writes
 * the change to D1 and to its own copy of the members, and notifies the members. The object stores the change as an
 * intent until it is done.
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

/** The fields of a member that may change. */
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

/** A notification to the members about a change. */
export interface GroupNotification {
  contentType: number
  /** The user who acts. */
  sendID: string
  senderNickname?: string
  senderFaceURL?: string
  /**
   * The tips with OpenIM's JSON names. After the change, the object fills in the versions, and updates `group` and the
   * changed members to their current state, because another change may have been made in between.
   */
  detail: object
  /** Whether the chat shows the notification; absent = the default of its contentType. */
  toChat?: boolean
  /**
   * The joining and leaving users who get the notice delivered; absent = all of them. The other joining and leaving
   * users can only pull it.
   */
  handedTo?: string[]
}

export interface GroupChange {
  operationID: string
  groupID: string
  /** When the change was decided, ms. */
  time: number
  /** The group, for a change that creates it. */
  create?: GroupRecord
  /** Changed fields of the group. */
  set?: Partial<Omit<GroupRecord, 'groupID' | 'memberCount'>>
  join?: GroupMemberRecord[]
  update?: { userID: string; set: GroupMemberFields }[]
  leave?: string[]
  /**
   * All members at the time of the change leave. A group with relays has too many members for one step: the change only
   * removes the group from their lists, and later changes remove them with `leave`.
   */
  everybodyLeaves?: boolean
  /** The change is refused if the request is not pending any more. The answer may be the whole change. */
  answer?: JoinAnswer
  /** The roles on which the decision was based. The change is refused if one of these members has another role now. */
  roles?: { userID: string; roleLevel: number }[]
  /**
   * The member who makes the change, with the lowest role that the member must still have. Absent for a change by the app
   * or by a joining user.
   */
  actor?: { userID: string; roleLevel: number }
  /** Each notice has its own version of the member list, so that clients can apply them one after the other. */
  notices: GroupNotification[]
  /**
   * The user who makes the call; "" when an administrator or a job makes it. The call itself delivers the notices to this
   * user after its reply.
   */
  callerUserID: string
}

/** A notice as it is stored in the log. */
interface AppendedNotice {
  conversationID: string
  /** 0 for a notice that is not stored. */
  seq: number
  sendTime: number
  sendID: string
  msg: Uint8Array
  /** The lowest seq of the log that was still being delivered to the caller, if any. */
  pendingFrom?: number
}

export interface GroupChanged {
  memberCount: number
  /** The notices that the caller sent; see `callerUserID`. */
  notices: AppendedNotice[]
}
