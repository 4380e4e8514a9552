import type { GroupMemberRecord } from '../../contracts/group-change.ts'
import { GroupRole } from '../../protocol/constants/group.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { queueWebhookJobs, sendAfterWebhook, webhookJobsFor } from '../../webhook/after.ts'
import { applyReply } from '../../webhook/apply-reply.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import type { AfterFields, BeforeReply } from '../../webhook/commands.ts'
import { validateReply } from '../../webhook/validate-reply.ts'
import { SetGroupMemberInfo } from './change-schema.ts'
import type { GroupRow } from './tables.ts'
import { typeText } from './webhooks.ts'

/* What the app is asked and told of the members of groups, by the same rules as of the groups themselves. */

/** What the app sets of a user who is about to become a member. */
type Changes = NonNullable<BeforeReply<'beforeMemberJoinGroup'>['memberCallbackList']>[number]

/**
 * Before users become members, on whatever way.
 * @returns the members as the app wants them
 * @throws ImError the refusal; 90007 for what no member can be, and for another owner
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
    return changes ? asWanted(member, changes) : member
  })
}

function asWanted(member: GroupMemberRecord, { muteEndTime, ...changes }: Changes): GroupMemberRecord {
  const { groupID } = member
  const wanted = validateReply('beforeMemberJoinGroup', SetGroupMemberInfo, { groupID, ...changes })
  const joins = applyReply(member, { ...wanted, muteEndTime })
  requireSameOwner('beforeMemberJoinGroup', member, joins.roleLevel)
  return joins
}

/** A group has one owner, who is made when it is founded and handed over. */
function requireSameOwner(
  name: 'beforeMemberJoinGroup' | 'beforeSetGroupMemberInfo',
  { userID, roleLevel }: { userID: string; roleLevel: number },
  wanted: number,
): void {
  if ((wanted === GroupRole.Owner) === (roleLevel === GroupRole.Owner)) return
  throw ImError.badData(
    `the app's webhook ${name} answered roleLevel ${wanted} for ${userID}: the owner stays the owner`,
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

/** @param joined its `inviterUserID` is the applicant's */
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
 * Once for each member that a call changes.
 * @param roleLevel what the member is now
 * @returns the change as the app wants it
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

/** An event for each member, queued in one go. */
export function afterSetGroupMemberInfo(ctx: Context, changes: readonly SetGroupMemberInfo[]): Promise<void> {
  const { operationID } = ctx
  const jobs = changes.flatMap((change) =>
    webhookJobsFor(ctx, 'afterSetGroupMemberInfo', { operationID, fields: memberFields(change) }),
  )
  return queueWebhookJobs(ctx, jobs)
}

/** OpenIM: this key has a capital in the middle. */
function memberFields({ nickname, ...rest }: SetGroupMemberInfo) {
  return { ...rest, nickName: nickname }
}
