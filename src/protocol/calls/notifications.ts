import { z } from 'zod'
import { ContentType } from '../constants/content-type.ts'
import type * as Tips from '../proto/index.ts'
import { FriendRequest } from './friend.ts'
import { GroupInfo, GroupMember, GroupRequest } from './group.ts'
import { bool, int32, int64, list, ms, named, str, uint32, uint64 } from './shape.ts'
import { PublicUserInfo } from './user.ts'

/*
 * The tips of the notifications that this service sends: the JSON in the field `detail` of a notification's content. A
 * test compares them with real notifications. Sending a notification does not use them.
 */

/** Describes tips; each field must be one of OpenIM's message `T`. */
const tips =
  <T>() =>
  <Shape extends { [Field in keyof T & string]?: z.ZodType }>(
    id: string,
    shape: Shape & Record<Exclude<keyof Shape, keyof T>, never>,
  ): z.ZodType =>
    named(id, shape as unknown as z.ZodRawShape)

const version = { groupMemberVersion: uint64(), groupMemberVersionID: str() }
const common = { group: GroupInfo, opUser: GroupMember }
const timed = { ...common, operationTime: ms(), ...version }

const FromToUserID = named('FromToUserID', { fromUserID: str(), toUserID: str() })
const between = { fromToUserID: FromToUserID }
const friendVersion = { friendVersion: uint64(), friendVersionID: str() }

const answer = { ...common, handleMsg: str(), receiverAs: int32(), uuid: str(), request: GroupRequest }
const UserInfoUpdated = tips<Tips.UserInfoUpdatedTips>()('UserInfoUpdatedTips', { userID: str() })
const memberSet = { ...timed, changedUser: GroupMember }
const GroupMemberInfoSet = tips<Tips.GroupMemberInfoSetTips>()('GroupMemberInfoSetTips', memberSet)
const GroupMemberRoleSet = tips<Tips.GroupMemberInfoSetTips>()('GroupMemberRoleSetTips', {
  ...memberSet,
  groupSortVersion: uint64(),
})

export const NOTIFICATION_TIPS: Readonly<Partial<Record<ContentType, z.ZodType>>> = {
  [ContentType.FriendApplicationApprovedNotification]: tips<Tips.FriendApplicationApprovedTips>()(
    'FriendApplicationApprovedTips',
    { ...between, handleMsg: str(), ...friendVersion, request: FriendRequest },
  ),
  [ContentType.FriendApplicationRejectedNotification]: tips<Tips.FriendApplicationRejectedTips>()(
    'FriendApplicationRejectedTips',
    { ...between, handleMsg: str(), request: FriendRequest },
  ),
  [ContentType.FriendApplicationNotification]: tips<Tips.FriendApplicationTips>()('FriendApplicationTips', {
    ...between,
    request: FriendRequest,
  }),
  [ContentType.FriendDeletedNotification]: tips<Tips.FriendDeletedTips>()('FriendDeletedTips', {
    ...between,
    ...friendVersion,
  }),
  [ContentType.FriendRemarkSetNotification]: tips<Tips.FriendInfoChangedTips>()('FriendInfoChangedTips', {
    ...between,
    ...friendVersion,
    friendSortVersion: uint64(),
  }),
  [ContentType.BlackAddedNotification]: tips<Tips.BlackAddedTips>()('BlackAddedTips', between),
  [ContentType.BlackDeletedNotification]: tips<Tips.BlackDeletedTips>()('BlackDeletedTips', between),
  [ContentType.FriendInfoUpdatedNotification]: UserInfoUpdated,
  [ContentType.FriendsInfoUpdateNotification]: tips<Tips.FriendsInfoUpdateTips>()('FriendsInfoUpdateTips', {
    ...between,
    friendIDs: list(str()),
    ...friendVersion,
  }),

  [ContentType.ConversationChangeNotification]: tips<Tips.ConversationUpdateTips>()('ConversationUpdateTips', {
    userID: str(),
    conversationIDList: list(str()),
  }),
  [ContentType.UserInfoUpdatedNotification]: UserInfoUpdated,

  [ContentType.GroupCreatedNotification]: tips<Tips.GroupCreatedTips>()('GroupCreatedTips', {
    ...timed,
    memberList: list(GroupMember),
    groupOwnerUser: GroupMember,
  }),
  [ContentType.GroupInfoSetNotification]: tips<Tips.GroupInfoSetTips>()('GroupInfoSetTips', {
    ...common,
    muteTime: int64(),
    ...version,
  }),
  [ContentType.JoinGroupApplicationNotification]: tips<Tips.JoinGroupApplicationTips>()('JoinGroupApplicationTips', {
    group: GroupInfo,
    applicant: PublicUserInfo,
    reqMsg: str(),
    uuid: str(),
    request: GroupRequest,
  }),
  [ContentType.MemberQuitNotification]: tips<Tips.MemberQuitTips>()('MemberQuitTips', {
    group: GroupInfo,
    quitUser: GroupMember,
    operationTime: ms(),
    ...version,
  }),
  [ContentType.GroupApplicationAcceptedNotification]: tips<Tips.GroupApplicationAcceptedTips>()(
    'GroupApplicationAcceptedTips',
    answer,
  ),
  [ContentType.GroupApplicationRejectedNotification]: tips<Tips.GroupApplicationRejectedTips>()(
    'GroupApplicationRejectedTips',
    answer,
  ),
  [ContentType.GroupOwnerTransferredNotification]: tips<Tips.GroupOwnerTransferredTips>()('GroupOwnerTransferredTips', {
    ...timed,
    newGroupOwner: GroupMember,
    oldGroupOwner: str(),
    oldGroupOwnerInfo: GroupMember,
  }),
  [ContentType.MemberKickedNotification]: tips<Tips.MemberKickedTips>()('MemberKickedTips', {
    ...timed,
    kickedUserList: list(GroupMember),
  }),
  [ContentType.MemberInvitedNotification]: tips<Tips.MemberInvitedTips>()('MemberInvitedTips', {
    ...timed,
    invitedUserList: list(GroupMember),
    inviterUser: GroupMember,
  }),
  [ContentType.MemberEnterNotification]: tips<Tips.MemberEnterTips>()('MemberEnterTips', {
    group: GroupInfo,
    entrantUser: GroupMember,
    operationTime: ms(),
    ...version,
  }),
  [ContentType.GroupDismissedNotification]: named('GroupDismissedTips', timed),
  [ContentType.GroupMemberMutedNotification]: tips<Tips.GroupMemberMutedTips>()('GroupMemberMutedTips', {
    ...timed,
    mutedUser: GroupMember,
    mutedSeconds: uint32(),
  }),
  [ContentType.GroupMemberCancelMutedNotification]: tips<Tips.GroupMemberCancelMutedTips>()(
    'GroupMemberCancelMutedTips',
    { ...timed, mutedUser: GroupMember },
  ),
  [ContentType.GroupMutedNotification]: tips<Tips.GroupMutedTips>()('GroupMutedTips', timed),
  [ContentType.GroupCancelMutedNotification]: tips<Tips.GroupCancelMutedTips>()('GroupCancelMutedTips', timed),
  [ContentType.GroupMemberInfoSetNotification]: GroupMemberInfoSet,
  [ContentType.GroupMemberSetToAdminNotification]: GroupMemberRoleSet,
  [ContentType.GroupMemberSetToOrdinaryUserNotification]: GroupMemberRoleSet,
  [ContentType.GroupInfoSetAnnouncementNotification]: tips<Tips.GroupInfoSetAnnouncementTips>()(
    'GroupInfoSetAnnouncementTips',
    { ...common, ...version },
  ),
  [ContentType.GroupInfoSetNameNotification]: tips<Tips.GroupInfoSetNameTips>()('GroupInfoSetNameTips', {
    ...common,
    ...version,
  }),

  [ContentType.ConversationPrivateChatNotification]: tips<Tips.ConversationSetPrivateTips>()(
    'ConversationSetPrivateTips',
    { recvID: str(), sendID: str(), isPrivate: bool(), conversationID: str() },
  ),
  [ContentType.ClearConversationNotification]: tips<Tips.ClearConversationTips>()('ClearConversationTips', {
    userID: str(),
    conversationIDs: list(str()),
  }),
  [ContentType.BusinessNotification]: named('BusinessNotification', { key: str(), data: str() }),
  [ContentType.MsgRevokeNotification]: z.union([
    tips<Tips.RevokeMsgTips>()('RevokeMsgTips', {
      revokerUserID: str(),
      clientMsgID: str(),
      revokeTime: ms(),
      sesstionType: int32(),
      seq: int64(),
      conversationID: str(),
      isAdminRevoke: bool(),
    }),
    // In the chat, in the place of the revoked message.
    tips<Tips.MessageRevokedContent>()('MessageRevokedContent', {
      revokerID: str(),
      revokerRole: int32(),
      clientMsgID: str(),
      revokerNickname: str(),
      revokeTime: ms(),
      sourceMessageSendTime: ms(),
      sourceMessageSendID: str(),
      sourceMessageSenderNickname: str(),
      sessionType: int32(),
      seq: int64(),
      ex: str(),
    }),
  ]),
  [ContentType.DeleteMsgsNotification]: tips<Tips.DeleteMsgsTips>()('DeleteMsgsTips', {
    userID: str(),
    conversationID: str(),
    seqs: list(int64()),
  }),
  [ContentType.HasReadReceipt]: tips<Tips.MarkAsReadTips>()('MarkAsReadTips', {
    markAsReadUserID: str(),
    conversationID: str(),
    seqs: list(int64()),
    hasReadSeq: int64(),
  }),
}
