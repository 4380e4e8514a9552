import type { z } from 'zod'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { DismissGroupReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller } from '../notifications/shown-members.ts'
import { membersAfter, memberUserIDs } from '../store/members.ts'
import { submitGroupChange } from '../submit-change.ts'
import { afterDismissGroup, hasDismissWebhook } from '../webhooks/group-webhooks.ts'
import { groupInfo } from '../wire.ts'

/** The most members that one change removes. */
const MAX_REMOVED_PER_CHANGE = 500

/**
 * Dismisses a group: its messages are refused from then on. Members are notified unless `deleteMember` is set. The same
 * change takes the group out of the members' lists, because notified clients read their list of joined groups at once.
 * In a group with relays, a queue job then removes the member rows.
 */
export async function dismissGroup(
  ctx: CallerContext,
  { groupID, deleteMember, sendMessage }: z.output<typeof DismissGroupReq>,
): Promise<void> {
  const { group, member: actor } = await accessGroup(ctx, groupID, 'owner')
  const enqueueRemoval = () => ctx.enqueue({ kind: 'group-dismissed', operationID: ctx.operationID, groupID })
  // An earlier call may have failed before it queued the removal of the members.
  if (group.status === GroupStatus.Dismissed && group.memberCount > 0) await enqueueRemoval()
  if (!deleteMember) requireNotDismissed(group)
  if (group.status === GroupStatus.Dismissed) return
  const shown = { ...groupInfo(group), status: GroupStatus.Dismissed }
  const base = { group: shown, opUser: await shownCaller(ctx, groupID), operationTime: ctx.now() }
  const members = hasDismissWebhook(ctx) ? await memberUserIDs(ctx.db, groupID) : []
  await submitGroupChange(ctx, {
    groupID,
    actor,
    set: { status: GroupStatus.Dismissed },
    everybodyLeaves: true,
    notices: deleteMember ? [] : [groupNotification.dismissed(base, sendMessage ?? undefined)],
  })
  await enqueueRemoval()
  await afterDismissGroup(ctx, group, members)
}

/** Removes all members of a dismissed group, as the queue job `group-dismissed`. It may be repeated. */
export async function removeAllMembers(ctx: Context, groupID: string): Promise<void> {
  for (;;) {
    const members = await membersAfter(ctx.db, groupID, '', MAX_REMOVED_PER_CHANGE)
    if (members.length === 0) return
    await submitGroupChange(ctx, { groupID, leave: members.map(({ member }) => member.userID), notices: [] })
  }
}
