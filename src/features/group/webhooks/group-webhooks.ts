import { z } from 'zod'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import type { Context } from '../../../runtime/context.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import { applyReply } from '../../../webhook/apply-reply.ts'
import { callBeforeWebhook } from '../../../webhook/before.ts'
import type { AfterFields, GroupFields } from '../../../webhook/commands.ts'
import { validateReply } from '../../../webhook/validate-reply.ts'
import { CreateGroupReq, SetGroupInfoExReq } from '../change-schema.ts'

/*
 * Webhooks about groups. Before-webhooks throw the app server's refusal as an ImError. They throw 90004 or 90007 when
 * the app server gives no valid reply and the webhook's `failedContinue` is off. Fields that the app server changes
 * must satisfy the schema of the call, or 90007 is thrown. After-webhooks are queued and never fail the call.
 */

interface FirstMember {
  userID: string
  roleLevel: number
}

type CreateGroup = z.output<typeof CreateGroupReq>

/** A request to create a group, after the app server's changes. */
export type WantedGroup = CreateGroup & { status: number }

/**
 * Asks the app server before a group is created. The caller has to check the returned request again, because the app
 * server may have changed the owner or the groupID.
 * @param group the group to create; its `groupID` is "" when the request has none
 */
export async function beforeCreateGroup(
  ctx: Context,
  req: CreateGroup,
  group: GroupFields,
  members: readonly FirstMember[],
): Promise<WantedGroup> {
  const { operationID } = ctx
  const reply = await callBeforeWebhook(ctx, 'beforeCreateGroup', { operationID, ...group, initMemberList: members })
  if (!reply) return { ...req, status: group.status }
  const { status } = validateReply('beforeCreateGroup', FirstStatus, { status: reply.status ?? group.status })
  const asked = { ...applyReply(req, reply), groupInfo: applyReply(req.groupInfo, reply) }
  const wanted = validateReply('beforeCreateGroup', CreateGroupReq, asked)
  return { ...wanted, status }
}

/** A call cannot set a status. The app server may: `Muted` creates a group in which only managers can write. */
const FirstStatus = z.object({
  status: z.union([z.literal(GroupStatus.InUse), z.literal(GroupStatus.Muted)], {
    error: 'status is 0 (in use) or 3 (muted)',
  }),
})

export function afterCreateGroup(ctx: Context, group: GroupFields, members: readonly FirstMember[]): Promise<void> {
  const initMemberList = members.map(({ userID, roleLevel }) => ({ userID, roleLevel }))
  return sendAfterWebhook(ctx, 'afterCreateGroup', { ...group, initMemberList })
}

/** Whether the after-webhook is on that lists the members of a dismissed group. */
export function hasDismissWebhook({ config }: Context): boolean {
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

/** The fields of a change of a group; null = not given. */
export type GroupInfoChange = z.output<typeof SetGroupInfoExReq>

/**
 * The webhook of the older form: "" = not given, in the request and in the reply. OpenIM takes "" in the reply as a
 * change. Here "" changes nothing, so that the app server need not echo the fields.
 * @returns the change, with the app server's changes
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

/** @returns the change, with the app server's changes */
export async function beforeSetGroupInfoEx(ctx: Context, change: GroupInfoChange): Promise<GroupInfoChange> {
  const reply = await callBeforeWebhook(ctx, 'beforeSetGroupInfoEx', { operationID: ctx.operationID, ...change })
  return reply ? validateReply('beforeSetGroupInfoEx', SetGroupInfoExReq, applyReply(change, reply)) : change
}

export function afterSetGroupInfoEx(ctx: Context, change: GroupInfoChange): Promise<void> {
  return sendAfterWebhook(ctx, 'afterSetGroupInfoEx', { operationID: ctx.operationID, ...change })
}

/** OpenIM sends the number as the character with that code. */
export function typeText(groupType: number): string {
  return String.fromCharCode(groupType)
}
