import { z } from 'zod'
import type { GroupRecord } from '../contracts/group-change.ts'
import type { AfterName, BeforeName } from '../protocol/constants/webhook.ts'
import { bool, int32, message, optional, str } from '../runtime/openim-json.ts'

/*
 * The fields of each webhook's request, and the replies that the app server may give to before-webhooks. OpenIM: the
 * names of the fields, including their capitals, are on the wire (callbackstruct). Every request also carries
 * `callbackCommand`, which `before.ts` and `after.ts` add.
 */

/** A message as the app server gets it. */
export interface MessageFields {
  sendID: string
  serverMsgID: string
  clientMsgID: string
  operationID: string
  senderPlatformID: number
  senderNickname: string
  sessionType: number
  msgFrom: number
  contentType: number
  status: number
  /** ms. */
  sendTime: number
  createTime: number
  /** The content as JSON text; for a notification only its tips. */
  content: string
  seq: number
  atUserList: readonly string[]
  faceURL: string
  ex: string
}

interface StatusFields {
  operationID: string
  platformID: number
  platform: string
}

interface PushFields extends StatusFields {
  clientMsgID: string
  sendID: string
  groupID: string
  contentType: number
  sessionType: number
  atUserIDList: readonly string[]
  content: string
}

export interface OfflinePushInfoFields {
  title: string
  desc: string
  ex: string
  iOSPushSound: string
  iOSBadgeCount: boolean
  signalInfo: string
}

interface UserFields {
  userID: string
  nickname: string
  faceURL: string
  ex: string
  createTime: number
  appMangerLevel: number
  globalRecvMsgOpt: number
}

interface AgreeFields {
  fromUserID: string
  /** OpenIM: despite its name, the field holds the user who answers the request. */
  blackUserID: string
  HandleResult: number
  HandleMsg: string
}

export type GroupFields = GroupRecord

interface NewGroupFields extends GroupFields {
  initMemberList: readonly { userID: string; roleLevel: number }[]
}

interface GroupInfoFields {
  operationID: string
  groupID: string
  groupName: string
  notification: string
  introduction: string
  faceURL: string
}

interface GroupRules<Text, Whole> {
  ex: Text
  needVerification: Whole
  lookMemberInfo: Whole
  applyMemberFriend: Whole
}

interface GroupInfoExFields extends GroupRules<string | null, number | null> {
  operationID: string
  groupID: string
  groupName: string | null
  notification: string | null
  introduction: string | null
  faceURL: string | null
}

interface GroupMemberFields {
  groupID: string
  userID: string
  nickName: string | null
  faceURL: string | null
  roleLevel: number | null
  ex: string | null
}

interface ConversationSettings {
  recvMsgOpt: number
  isPinned: boolean
  isPrivateChat: boolean
  burnDuration: number
  groupAtType: number
  attachedInfo: string
  ex: string
}

interface ConversationFields extends ConversationSettings {
  ownerUserId: string
  conversationId: string
  conversationType: number
}

type ProfileFields<Text> = { userID: string; nickName: Text; faceURL: Text; ex: Text }

/** The request fields of the before-webhooks. */
export interface BeforeFields extends Record<BeforeName, object> {
  beforeSendSingleMsg: MessageFields & { recvID: string }
  beforeSendGroupMsg: MessageFields & { groupID: string }
  beforeMsgModify: MessageFields
  beforeOnlinePush: PushFields & { userIDList: readonly string[] }
  beforeGroupOnlinePush: PushFields & { seq: number }
  beforeOfflinePush: PushFields & { userIDList: readonly string[] } & Partial<OfflinePushInfoFields>
  beforeAddFriend: { fromUserID: string; toUserID: string; reqMsg: string; ex: string }
  beforeAddFriendAgree: AgreeFields
  beforeImportFriends: { ownerUserID: string; friendUserIDs: readonly string[] }
  beforeSetFriendRemark: { ownerUserID: string; friendUserID: string; remark: string }
  beforeAddBlack: { ownerUserID: string; blackUserID: string }
  beforeUserRegister: { users: readonly UserFields[] }
  beforeUpdateUserInfo: ProfileFields<string | null>
  beforeUpdateUserInfoEx: ProfileFields<string | null>
  beforeCreateGroup: NewGroupFields & { operationID: string }
  beforeMemberJoinGroup: {
    groupID: string
    memberList: readonly { userID: string; ex: string }[]
    groupEx: string
  }
  beforeInviteUserToGroup: {
    operationID: string
    groupID: string
    reason: string
    invitedUserIDs: readonly string[]
  }
  beforeApplyJoinGroup: { groupID: string; groupType: string; applyID: string; reqMessage: string; ex: string }
  beforeSetGroupInfo: GroupInfoFields & GroupRules<string, number>
  beforeSetGroupInfoEx: GroupInfoExFields
  beforeSetGroupMemberInfo: GroupMemberFields
  beforeCreateSingleChatConversations: ConversationFields & { userId: string }
  beforeCreateGroupChatConversations: ConversationFields & { groupId: string }
}

/** The request fields of the after-webhooks. */
export interface AfterFields extends Record<AfterName, object> {
  afterSendSingleMsg: MessageFields & { recvID: string }
  afterSendGroupMsg: MessageFields & { groupID: string }
  afterMsgSaveDB: MessageFields & { recvID: string; groupID: string }
  afterRevokeMsg: { conversationID: string; seq: number; userID: string }
  afterSingleMsgRead: { conversationID: string; userID: string; Seqs: readonly number[]; contentType: number }
  afterGroupMsgRead: { sendID: string; receiveID: string; unreadMsgNum: number; contentType: number }
  afterUserOnline: StatusFields & { userID: string; seq: number; isAppBackground: boolean; connID: string }
  afterUserOffline: StatusFields & { userID: string; seq: number; connID: string }
  afterUserKickOff: StatusFields & { userID: string; seq: number }
  afterAddFriend: { fromUserID: string; toUserID: string; reqMsg: string }
  afterAddFriendAgree: AgreeFields
  afterDeleteFriend: { ownerUserID: string; friendUserID: string }
  afterImportFriends: { ownerUserID: string; friendUserIDs: readonly string[] }
  afterSetFriendRemark: { ownerUserID: string; friendUserID: string; remark: string }
  afterRemoveBlack: { ownerUserID: string; blackUserID: string }
  afterUserRegister: { users: readonly UserFields[] }
  afterUpdateUserInfo: ProfileFields<string>
  afterUpdateUserInfoEx: ProfileFields<string | null>
  afterCreateGroup: NewGroupFields
  afterJoinGroup: {
    operationID: string
    groupID: string
    reqMessage: string
    joinSource: number
    inviterUserID: string
  }
  afterQuitGroup: { groupID: string; userID: string }
  afterKickGroupMember: { groupID: string; kickedUserIDs: readonly string[]; reason: string }
  afterDismissGroup: { groupID: string; ownerID: string; groupType: string; membersID: readonly string[] }
  afterTransferGroupOwner: { groupID: string; oldOwnerUserID: string; newOwnerUserID: string }
  afterSetGroupInfo: GroupInfoFields & GroupRules<string | null, number | null>
  afterSetGroupInfoEx: GroupInfoExFields
  afterSetGroupMemberInfo: GroupMemberFields
  afterCreateSingleChatConversations: ConversationFields & { userId: string }
  afterCreateGroupChatConversations: ConversationFields & { groupId: string }
}

/** The fields that every reply has. */
const verdict = { actionCode: int32(), nextCode: int32(), errCode: int32(), errMsg: str(), errDlt: str() }

/** A reply. A field that is missing or null changes nothing. */
const reply = <Shape extends z.ZodRawShape>(shape: Shape) => message({ ...verdict, ...shape })

const text = () => optional(z.string())
const texts = () => optional(z.array(z.string()))
const whole = () => optional(int32())
const flag = () => optional(z.boolean())

const offlinePushInfo = () =>
  optional(
    message({
      title: str(),
      desc: str(),
      ex: str(),
      iOSPushSound: str(),
      iOSBadgeCount: bool(),
      signalInfo: str(),
    }),
  )

const ownSettings = {
  recvMsgOpt: optional(z.int().min(0).max(2)),
  isPinned: flag(),
  isPrivateChat: flag(),
  burnDuration: optional(z.int().min(0)),
  groupAtType: optional(z.int().min(0).max(4)),
  attachedInfo: text(),
  ex: text(),
}

const groupRules = { ex: text(), needVerification: whole(), lookMemberInfo: whole(), applyMemberFriend: whole() }
const groupInfo = { groupName: text(), introduction: text(), faceURL: text(), ...groupRules }
const profile = { nickName: text(), faceURL: text(), ex: text() }

/** The replies that the app server may give to before-webhooks. Fields that OpenIM reads but never uses are ignored. */
export const BEFORE_REPLIES = {
  beforeSendSingleMsg: reply({}),
  beforeSendGroupMsg: reply({}),
  beforeMsgModify: reply({
    content: text(),
    recvID: text(),
    groupID: text(),
    clientMsgID: text(),
    serverMsgID: text(),
    senderPlatformID: whole(),
    senderNickname: text(),
    senderFaceURL: text(),
    sessionType: whole(),
    msgFrom: whole(),
    contentType: whole(),
    status: whole(),
    options: optional(z.record(z.string(), z.boolean())),
    offlinePushInfo: offlinePushInfo(),
    atUserIDList: texts(),
    attachedInfo: text(),
    ex: text(),
  }),
  beforeOnlinePush: reply({}),
  beforeGroupOnlinePush: reply({ userIDList: texts() }),
  beforeOfflinePush: reply({ userIDList: texts(), offlinePushInfo: offlinePushInfo() }),
  beforeAddFriend: reply({}),
  beforeAddFriendAgree: reply({}),
  beforeImportFriends: reply({ friendUserIDs: texts() }),
  beforeSetFriendRemark: reply({ remark: text() }),
  beforeAddBlack: reply({}),
  // The registration of users validates the profiles.
  beforeUserRegister: reply({ users: optional(z.array(z.record(z.string(), z.unknown()))) }),
  beforeUpdateUserInfo: reply(profile),
  beforeUpdateUserInfoEx: reply(profile),
  beforeCreateGroup: reply({
    groupID: text(),
    groupName: text(),
    notification: text(),
    introduction: text(),
    faceURL: text(),
    ownerUserID: text(),
    ex: text(),
    status: whole(),
    creatorUserID: text(),
    groupType: whole(),
    needVerification: whole(),
    lookMemberInfo: whole(),
  }),
  beforeMemberJoinGroup: reply({
    memberCallbackList: optional(
      z.array(
        message({
          userID: z.string(),
          nickname: text(),
          faceURL: text(),
          roleLevel: whole(),
          /** ms. */
          muteEndTime: optional(z.int().min(0)),
          ex: text(),
        }),
      ),
    ),
  }),
  beforeInviteUserToGroup: reply({}),
  beforeApplyJoinGroup: reply({}),
  beforeSetGroupInfo: reply(groupInfo),
  beforeSetGroupInfoEx: reply(groupInfo),
  beforeSetGroupMemberInfo: reply({ ...profile, roleLevel: whole() }),
  beforeCreateSingleChatConversations: reply(ownSettings),
  beforeCreateGroupChatConversations: reply(ownSettings),
} satisfies Record<BeforeName, z.ZodType>

export type BeforeReply<N extends BeforeName> = z.output<(typeof BEFORE_REPLIES)[N]>
