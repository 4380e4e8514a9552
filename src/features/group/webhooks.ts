import { z } from 'zod'
import type { Context } from '../../platform/context.ts'
import { GroupStatus } from '../../protocol/constants/group.ts'
import type { BeforeName } from '../../protocol/constants/webhook.ts'
import { tellAfter } from '../../webhook/after.ts'
import { askBefore } from '../../webhook/before.ts'
import type { AfterFields, BeforeReply, GroupFields } from '../../webhook/commands.ts'
import { validateReply } from '../../webhook/validate-reply.ts'
import { CreateGroupReq, SetGroupInfoExReq } from './change-schema.ts'

/*
 * What the app is asked and told of groups. The ones that ask throw the app's refusal as an ImError, or 90004 or 90007
 * when it must be heard and cannot be. What it changes must fit as a client's words had to: 90007 otherwise. The ones
 * that tell never fail.
 */

interface FirstMember {
  userID: string
  roleLevel: number
}

type CreateGroup = z.output<typeof CreateGroupReq>

/** A founding as the app wants it. */
export type Founding = CreateGroup & { status: number }

/**
 * Before a group is founded. What the app changes has to be checked like what was asked for.
 * @param group as it would become; its `groupID` is what the request says, which may be nothing
 */
export async function beforeCreateGroup(
  ctx: Context,
  req: CreateGroup,
  group: GroupFields,
  members: readonly FirstMember[],
): Promise<Founding> {
  const { operationID } = ctx
  const reply = await askBefore(ctx, 'beforeCreateGroup', { operationID, ...group, initMemberList: members })
  if (!reply) return { ...req, status: group.status }
  const asked = req.groupInfo
  const { status } = validateReply('beforeCreateGroup', FirstStatus, { status: reply.status ?? group.status })
  const wanted = validateReply('beforeCreateGroup', CreateGroupReq, {
    ...req,
    ownerUserID: reply.ownerUserID ?? req.ownerUserID,
    groupInfo: {
      ...asked,
      groupID: reply.groupID ?? asked.groupID,
      groupName: reply.groupName ?? asked.groupName,
      notification: reply.notification ?? asked.notification,
      introduction: reply.introduction ?? asked.introduction,
      faceURL: reply.faceURL ?? asked.faceURL,
      ex: reply.ex ?? asked.ex,
      creatorUserID: reply.creatorUserID ?? asked.creatorUserID,
      groupType: reply.groupType ?? asked.groupType,
      needVerification: reply.needVerification ?? asked.needVerification,
      lookMemberInfo: reply.lookMemberInfo ?? asked.lookMemberInfo,
    },
  })
  return { ...wanted, status }
}

/** A call cannot say a status; the app may found a group in which only its managers speak. */
const FirstStatus = z.object({
  status: z.union([z.literal(GroupStatus.InUse), z.literal(GroupStatus.Muted)], {
    error: 'status is 0 (in use) or 3 (muted)',
  }),
})

export function afterCreateGroup(ctx: Context, group: GroupFields, members: readonly FirstMember[]): Promise<void> {
  const initMemberList = members.map(({ userID, roleLevel }) => ({ userID, roleLevel }))
  return tellAfter(ctx, 'afterCreateGroup', { ...group, initMemberList })
}

/** Whether the app wants to know who was in a group that is dismissed. */
export function tellsOfDismissal({ config }: Context): boolean {
  return config.webhooks.afterDismissGroup !== undefined
}

export function afterDismissGroup(
  ctx: Context,
  { groupID, ownerUserID, groupType }: GroupFields,
  membersID: readonly string[],
): Promise<void> {
  const dismissed = { groupID, ownerID: ownerUserID, groupType: typeText(groupType), membersID }
  return tellAfter(ctx, 'afterDismissGroup', dismissed)
}

export function afterTransferGroupOwner(
  ctx: Context,
  transferred: AfterFields['afterTransferGroupOwner'],
): Promise<void> {
  return tellAfter(ctx, 'afterTransferGroupOwner', transferred)
}

/** What a change of a group says: null = not given. */
export type GroupInfoChange = z.output<typeof SetGroupInfoExReq>

/**
 * The older form: "" = not given, in the question and in the answer. OpenIM takes an empty text in the answer for a
 * change; here it leaves things as they are, so that nothing has to be echoed.
 * @returns the change as the app wants it
 */
export async function beforeSetGroupInfo(ctx: Context, change: GroupInfoChange): Promise<GroupInfoChange> {
  const reply = await askBefore(ctx, 'beforeSetGroupInfo', {
    operationID: ctx.operationID,
    ...change,
    ...olderTexts(change),
    ex: change.ex ?? '',
    needVerification: change.needVerification ?? 0,
    lookMemberInfo: change.lookMemberInfo ?? 0,
    applyMemberFriend: change.applyMemberFriend ?? 0,
  })
  if (!reply) return change
  return fitted('beforeSetGroupInfo', change, {
    ...reply,
    groupName: reply.groupName || null,
    introduction: reply.introduction || null,
    faceURL: reply.faceURL || null,
  })
}

export function afterSetGroupInfo(ctx: Context, change: GroupInfoChange): Promise<void> {
  return tellAfter(ctx, 'afterSetGroupInfo', { operationID: ctx.operationID, ...change, ...olderTexts(change) })
}

function olderTexts({ groupName, notification, introduction, faceURL }: GroupInfoChange) {
  return {
    groupName: groupName ?? '',
    notification: notification ?? '',
    introduction: introduction ?? '',
    faceURL: faceURL ?? '',
  }
}

/** @returns the change as the app wants it */
export async function beforeSetGroupInfoEx(ctx: Context, change: GroupInfoChange): Promise<GroupInfoChange> {
  const reply = await askBefore(ctx, 'beforeSetGroupInfoEx', { operationID: ctx.operationID, ...change })
  return reply ? fitted('beforeSetGroupInfoEx', change, reply) : change
}

export function afterSetGroupInfoEx(ctx: Context, change: GroupInfoChange): Promise<void> {
  return tellAfter(ctx, 'afterSetGroupInfoEx', { operationID: ctx.operationID, ...change })
}

type Changes = Omit<BeforeReply<'beforeSetGroupInfo'>, keyof BeforeReply<'beforeAddBlack'>>

function fitted(name: BeforeName, change: GroupInfoChange, wanted: Changes): GroupInfoChange {
  return validateReply(name, SetGroupInfoExReq, {
    ...change,
    groupName: wanted.groupName ?? change.groupName,
    introduction: wanted.introduction ?? change.introduction,
    faceURL: wanted.faceURL ?? change.faceURL,
    ex: wanted.ex ?? change.ex,
    needVerification: wanted.needVerification ?? change.needVerification,
    lookMemberInfo: wanted.lookMemberInfo ?? change.lookMemberInfo,
    applyMemberFriend: wanted.applyMemberFriend ?? change.applyMemberFriend,
  })
}

/** OpenIM: the number as the character of that code. */
export function typeText(groupType: number): string {
  return String.fromCharCode(groupType)
}
