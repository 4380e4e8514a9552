import type { GroupMemberRecord } from '../../../contracts/group-change.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { queueWebhookJobs, sendAfterWebhook, webhookJobsFor } from '../../../webhook/after.ts'
import { applyReply } from '../../../webhook/apply-reply.ts'
import { callBeforeWebhook } from '../../../webhook/before.ts'
import type { AfterFields, BeforeReply } from '../../../webhook/commands.ts'
import { validateReply } from '../../../webhook/validate-reply.ts'
import { SetGroupMemberInfo } from '../change-schema.ts'
import type { GroupRow } from '../tables.ts'
import { typeText } from './group-webhooks.ts'

/* Webhooks about the members of groups, with the same rules as in group-webhooks.ts. */

/** The fields that the app server sets for a user who is about to become a member. */
type Changes = NonNullable<BeforeReply<'beforeMemberJoinGroup'>['memberCallbackList']>[number]

/**
 * Asks the app server before users become members, however they join.
 * @returns the members, with the app server's changes
 * @throws ImError the refusal; 90007 for invalid fields and for a change of the owner
 */
export async function beforeMemberJoinGroup(
  ctx: Context,
  { groupID, ex: groupEx }: Pick<GroupRow, 'groupID' | 'ex'>,
  members: readonly GroupMemberRecord[],
): Promise<GroupMemberRecord[]> {
  const memberList = members.map(({ userID, ex }) => ({ userID, ex }))
  const reply = await callBeforeWebhook(ctx, 'beforeMemberJoinGroup', { groupID, memberList, groupEx })
  const wanted = new Map((reply?.memberCallbackList ?? []).map((member) => [member.userID, member]))
  return members.map((member) => {
    const changes = wanted.get(member.userID)
    return changes ? withChanges(member, changes) : member
  })
}

function withChanges(member: GroupMemberRecord, { muteEndTime, ...changes }: Changes): GroupMemberRecord {
  const { groupID } = member
  const wanted = validateReply('beforeMemberJoinGroup', SetGroupMemberInfo, { groupID, ...changes })
  const joins = applyReply(member, { ...wanted, muteEndTime })
  requireSameOwner('beforeMemberJoinGroup', member, joins.roleLevel)
  return joins
}

/** Refuses a change of the owner: only the creation and the transfer of a group set its owner. */
function requireSameOwner(
  name: 'beforeMemberJoinGroup' | 'beforeSetGroupMemberInfo',
  { userID, roleLevel }: { userID: string; roleLevel: number },
  wanted: number,
): void {
  if ((wanted === GroupRole.Owner) === (roleLevel === GroupRole.Owner)) return
  throw ImError.badData(
    `the app's webhook ${name} answered roleLevel ${wanted} for ${userID}: a webhook cannot change the owner`,
  )
}

export async function beforeInviteUserToGroup(
  ctx: Context,
  invitation: { groupID: string; reason: string; invitedUserIDs: readonly string[] },
): Promise<void> {
  const { groupID, reason, invitedUserIDs } = invitation
  await callBeforeWebhook(ctx, 'beforeInviteUserToGroup', {
    operationID: ctx.operationID,
    groupID,
    reason,
    invitedUserIDs,
  })
}

export async function beforeApplyJoinGroup(
  ctx: Context,
  application: { groupID: string; groupType: number; applyID: string; reqMessage: string; ex: string },
): Promise<void> {
  const groupType = typeText(application.groupType)
  await callBeforeWebhook(ctx, 'beforeApplyJoinGroup', { ...application, groupType })
}

/** @param joined its `inviterUserID` is the userID of the applicant */
export function afterJoinGroup(
  ctx: Context,
  joined: { groupID: string; reqMessage: string; joinSource: number; inviterUserID: string },
): Promise<void> {
  return sendAfterWebhook(ctx, 'afterJoinGroup', { operationID: ctx.operationID, ...joined })
}

export function afterQuitGroup(ctx: Context, groupID: string, userID: string): Promise<void> {
  return sendAfterWebhook(ctx, 'afterQuitGroup', { groupID, userID })
}

export function afterKickGroupMember(ctx: Context, kicked: AfterFields['afterKickGroupMember']): Promise<void> {
  return sendAfterWebhook(ctx, 'afterKickGroupMember', kicked)
}

/**
 * Asks the app server before a member changes; called once for each member of a call.
 * @param roleLevel the member's current role
 * @returns the change, with the app server's changes
 */
export async function beforeSetGroupMemberInfo(
  ctx: Context,
  change: SetGroupMemberInfo,
  roleLevel: number,
): Promise<SetGroupMemberInfo> {
  const reply = await callBeforeWebhook(ctx, 'beforeSetGroupMemberInfo', memberFields(change))
  if (!reply) return change
  const asked = applyReply(change, { ...reply, nickname: reply.nickName })
  const wanted = validateReply('beforeSetGroupMemberInfo', SetGroupMemberInfo, asked)
  requireSameOwner('beforeSetGroupMemberInfo', { userID: change.userID, roleLevel }, wanted.roleLevel ?? roleLevel)
  return wanted
}

/** Queues one event for each member. */
export function afterSetGroupMemberInfo(ctx: Context, changes: readonly SetGroupMemberInfo[]): Promise<void> {
  const { operationID } = ctx
  const jobs = changes.flatMap((change) =>
    webhookJobsFor(ctx, 'afterSetGroupMemberInfo', { operationID, fields: memberFields(change) }),
  )
  return queueWebhookJobs(ctx, jobs)
}

/** OpenIM: the key is `nickName`, with a capital N. */
function memberFields({ nickname, ...rest }: SetGroupMemberInfo) {
  return { ...rest, nickName: nickname }
}
