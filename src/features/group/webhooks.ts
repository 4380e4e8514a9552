import { z } from 'zod'
import { GroupStatus } from '../../protocol/constants/group.ts'
import type { Context } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { applyReply } from '../../webhook/apply-reply.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import type { AfterFields, GroupFields } from '../../webhook/commands.ts'
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
  const reply = await callBeforeWebhook(ctx, 'beforeCreateGroup', { operationID, ...group, initMemberList: members })
  if (!reply) return { ...req, status: group.status }
  const { status } = validateReply('beforeCreateGroup', FirstStatus, { status: reply.status ?? group.status })
  const asked = { ...applyReply(req, reply), groupInfo: applyReply(req.groupInfo, reply) }
  const wanted = validateReply('beforeCreateGroup', CreateGroupReq, asked)
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
  return sendAfterWebhook(ctx, 'afterCreateGroup', { ...group, initMemberList })
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
  return sendAfterWebhook(ctx, 'afterDismissGroup', dismissed)
}

export function afterTransferGroupOwner(
  ctx: Context,
  transferred: AfterFields['afterTransferGroupOwner'],
): Promise<void> {
  return sendAfterWebhook(ctx, 'afterTransferGroupOwner', transferred)
}

/** What a change of a group says: null = not given. */
export type GroupInfoChange = z.output<typeof SetGroupInfoExReq>

/**
 * The older form: "" = not given, in the question and in the answer. OpenIM takes an empty text in the answer for a
 * change; here it leaves things as they are, so that nothing has to be echoed.
 * @returns the change as the app wants it
 */
export async function beforeSetGroupInfo(ctx: Context, change: GroupInfoChange): Promise<GroupInfoChange> {
  const reply = await callBeforeWebhook(ctx, 'beforeSetGroupInfo', {
    operationID: ctx.operationID,
    ...change,
    ...olderTexts(change),
    ex: change.ex ?? '',
    needVerification: change.needVerification ?? 0,
    lookMemberInfo: change.lookMemberInfo ?? 0,
    applyMemberFriend: change.applyMemberFriend ?? 0,
  })
  if (!reply) return change
  const wanted = applyReply(change, {
    ...reply,
    groupName: reply.groupName || null,
    introduction: reply.introduction || null,
    faceURL: reply.faceURL || null,
  })
  return validateReply('beforeSetGroupInfo', SetGroupInfoExReq, wanted)
}

export function afterSetGroupInfo(ctx: Context, change: GroupInfoChange): Promise<void> {
  return sendAfterWebhook(ctx, 'afterSetGroupInfo', { operationID: ctx.operationID, ...change, ...olderTexts(change) })
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
  const reply = await callBeforeWebhook(ctx, 'beforeSetGroupInfoEx', { operationID: ctx.operationID, ...change })
  return reply ? validateReply('beforeSetGroupInfoEx', SetGroupInfoExReq, applyReply(change, reply)) : change
}

export function afterSetGroupInfoEx(ctx: Context, change: GroupInfoChange): Promise<void> {
  return sendAfterWebhook(ctx, 'afterSetGroupInfoEx', { operationID: ctx.operationID, ...change })
}

/** OpenIM: the number as the character of that code. */
export function typeText(groupType: number): string {
  return String.fromCharCode(groupType)
}
