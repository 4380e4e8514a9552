import type { Context } from '../../platform/context.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { tellAfter } from '../../webhook/after.ts'
import { askBefore } from '../../webhook/before.ts'
import type { AfterFields, BeforeReply, GroupFields } from '../../webhook/commands.ts'

/*
 * What the app is asked and told of groups. The ones that ask throw the app's refusal as an ImError, or 90004 or 90007
 * when it must be heard and cannot be; in what they answer, null means that the app leaves it as it is. The ones that
 * tell never fail.
 */

/** What an answer may change; its verdict has been heeded already. */
type Changes<Reply> = Omit<Reply, 'actionCode' | 'nextCode' | 'errCode' | 'errMsg' | 'errDlt'>

export interface FirstMember {
  userID: string
  roleLevel: number
}

/** Before the group has its ID: `groupID` is what the request says, which may be nothing. */
export function beforeCreateGroup(
  ctx: Context,
  group: GroupFields,
  members: readonly FirstMember[],
): Promise<Changes<BeforeReply<'beforeCreateGroup'>> | null> {
  const { operationID } = ctx
  return askBefore(ctx, 'beforeCreateGroup', { operationID, ...group, initMemberList: members })
}

export function afterCreateGroup(ctx: Context, group: GroupFields, members: readonly FirstMember[]): Promise<void> {
  return tellAfter(ctx, 'afterCreateGroup', { ...group, initMemberList: members })
}

/** What the app sets of a user who is about to become a member. */
export type NewMember = NonNullable<BeforeReply<'beforeMemberJoinGroup'>['memberCallbackList']>[number]

/**
 * Before users become members, on whatever way.
 * @returns what the app sets, by userID
 */
export async function beforeMemberJoinGroup(
  ctx: Context,
  joining: { groupID: string; groupEx: string; members: readonly { userID: string; ex: string }[] },
): Promise<ReadonlyMap<string, NewMember>> {
  const { groupID, groupEx, members } = joining
  const reply = await askBefore(ctx, 'beforeMemberJoinGroup', { groupID, memberList: members, groupEx })
  return new Map((reply?.memberCallbackList ?? []).map((member) => [member.userID, member]))
}

export async function beforeInviteUserToGroup(
  ctx: Context,
  invitation: { groupID: string; reason: string; invitedUserIDs: readonly string[] },
): Promise<void> {
  await askBefore(ctx, 'beforeInviteUserToGroup', { operationID: ctx.operationID, ...invitation })
}

export async function beforeApplyJoinGroup(
  ctx: Context,
  application: { groupID: string; groupType: number; applyID: string; reqMessage: string; ex: string },
): Promise<void> {
  const groupType = typeText(application.groupType)
  await askBefore(ctx, 'beforeApplyJoinGroup', { ...application, groupType })
}

/** @param joined its `inviterUserID` is the applicant's */
export function afterJoinGroup(
  ctx: Context,
  joined: { groupID: string; reqMessage: string; joinSource: number; inviterUserID: string },
): Promise<void> {
  return tellAfter(ctx, 'afterJoinGroup', { operationID: ctx.operationID, ...joined })
}

export function afterQuitGroup(ctx: Context, groupID: string, userID: string): Promise<void> {
  return tellAfter(ctx, 'afterQuitGroup', { groupID, userID })
}

export function afterKickGroupMember(ctx: Context, kicked: AfterFields['afterKickGroupMember']): Promise<void> {
  return tellAfter(ctx, 'afterKickGroupMember', kicked)
}

export function afterDismissGroup(
  ctx: Context,
  dismissed: { groupID: string; ownerID: string; groupType: number; membersID: readonly string[] },
): Promise<void> {
  return tellAfter(ctx, 'afterDismissGroup', { ...dismissed, groupType: typeText(dismissed.groupType) })
}

export function afterTransferGroupOwner(
  ctx: Context,
  transferred: AfterFields['afterTransferGroupOwner'],
): Promise<void> {
  return tellAfter(ctx, 'afterTransferGroupOwner', transferred)
}

/** What a change of a group says in its older form: "" = not given. */
export interface GroupInfoChange {
  groupID: string
  groupName: string
  notification: string
  introduction: string
  faceURL: string
  ex: string | null
  needVerification: number | null
  lookMemberInfo: number | null
  applyMemberFriend: number | null
}

type GroupInfoReply = Changes<BeforeReply<'beforeSetGroupInfo'>>

/** OpenIM takes an empty text in the answer for a change; here it leaves things as they are, so that nothing has to be echoed. */
export async function beforeSetGroupInfo(ctx: Context, change: GroupInfoChange): Promise<GroupInfoReply | null> {
  const reply = await askBefore(ctx, 'beforeSetGroupInfo', {
    operationID: ctx.operationID,
    ...change,
    ex: change.ex ?? '',
    needVerification: change.needVerification ?? 0,
    lookMemberInfo: change.lookMemberInfo ?? 0,
    applyMemberFriend: change.applyMemberFriend ?? 0,
  })
  if (!reply) return null
  const { groupName, introduction, faceURL, ...rules } = reply
  return {
    ...rules,
    groupName: groupName || null,
    introduction: introduction || null,
    faceURL: faceURL || null,
  }
}

export function afterSetGroupInfo(ctx: Context, change: GroupInfoChange): Promise<void> {
  return tellAfter(ctx, 'afterSetGroupInfo', { operationID: ctx.operationID, ...change })
}

/** What a change of a group says: null = not given. */
export type GroupInfoExChange = Omit<AfterFields['afterSetGroupInfoEx'], 'operationID'>

export function beforeSetGroupInfoEx(ctx: Context, change: GroupInfoExChange): Promise<GroupInfoReply | null> {
  return askBefore(ctx, 'beforeSetGroupInfoEx', { operationID: ctx.operationID, ...change })
}

export function afterSetGroupInfoEx(ctx: Context, change: GroupInfoExChange): Promise<void> {
  return tellAfter(ctx, 'afterSetGroupInfoEx', { operationID: ctx.operationID, ...change })
}

/** What a change of a member says: null = not given. */
export interface MemberChange {
  groupID: string
  userID: string
  nickname: string | null
  faceURL: string | null
  roleLevel: number | null
  ex: string | null
}

/** Once for each member that a call changes. */
export async function beforeSetGroupMemberInfo(ctx: Context, change: MemberChange): Promise<MemberChange> {
  const reply = await askBefore(ctx, 'beforeSetGroupMemberInfo', memberFields(change))
  if (!reply) return change
  return {
    ...change,
    nickname: reply.nickName ?? change.nickname,
    faceURL: reply.faceURL ?? change.faceURL,
    roleLevel: reply.roleLevel ?? change.roleLevel,
    ex: reply.ex ?? change.ex,
  }
}

export function afterSetGroupMemberInfo(ctx: Context, change: MemberChange): Promise<void> {
  return tellAfter(ctx, 'afterSetGroupMemberInfo', memberFields(change))
}

/** OpenIM: this key has a capital in the middle. */
function memberFields({ nickname, ...rest }: MemberChange) {
  return { ...rest, nickName: nickname }
}

/** Before members get the conversation of a group; what the app sets holds for each of them. */
export function beforeCreateGroupChatConversations(
  ctx: Context,
  groupID: string,
  conversationID: string,
): Promise<Changes<BeforeReply<'beforeCreateGroupChatConversations'>> | null> {
  return askBefore(ctx, 'beforeCreateGroupChatConversations', conversationFields(groupID, conversationID))
}

export function afterCreateGroupChatConversations(
  ctx: Context,
  groupID: string,
  conversationID: string,
): Promise<void> {
  return tellAfter(ctx, 'afterCreateGroupChatConversations', conversationFields(groupID, conversationID))
}

function conversationFields(groupID: string, conversationID: string) {
  return {
    // OpenIM: one call for all members, so nobody is the owner.
    ownerUserId: '',
    conversationId: conversationID,
    conversationType: SessionType.Group,
    groupId: groupID,
    recvMsgOpt: 0,
    isPinned: false,
    isPrivateChat: false,
    burnDuration: 0,
    groupAtType: 0,
    attachedInfo: '',
    ex: '',
  }
}

/** OpenIM: the number as the character of that code. */
function typeText(groupType: number): string {
  return String.fromCharCode(groupType)
}
