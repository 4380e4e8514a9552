import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { noSuchGroup, requireNotDismissed } from '../access.ts'
import type { QuitGroupReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { findGroups } from '../store/groups.ts'
import { findMembers } from '../store/members.ts'
import { submitGroupChange } from '../submit-change.ts'
import { afterQuitGroup } from '../webhooks/member-webhooks.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

/** Removes the user from the group. An owner has to transfer or dismiss the group instead. */
export async function quitGroup(
  ctx: CallerContext,
  { groupID, userID: given }: z.output<typeof QuitGroupReq>,
): Promise<void> {
  const userID = given || ctx.caller.userID
  requireSelfOrAdmin(ctx, userID)
  const [group] = await findGroups(ctx.db, [groupID])
  if (!group) throw noSuchGroup(groupID)
  requireNotDismissed(group)
  const [member] = await findMembers(ctx.db, [{ groupID, userID }])
  if (!member) throw ImError.notFound(`${userID} is not a member of group ${groupID}`)
  if (member.member.roleLevel === GroupRole.Owner) {
    throw ImError.noPermission('the owner cannot quit the group: transfer or dismiss it instead')
  }
  await submitGroupChange(ctx, {
    groupID,
    leave: [userID],
    roles: [{ userID, roleLevel: member.member.roleLevel }],
    notices: [groupNotification.memberQuit(groupInfo(group), groupMemberFullInfo(member), ctx.now())],
  })
  await afterQuitGroup(ctx, groupID, userID)
}
