import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { TransferGroupOwnerReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller, shownMembers } from '../notifications/shown-members.ts'
import { submitGroupChange } from '../submit-change.ts'
import { afterTransferGroupOwner } from '../webhooks/group-webhooks.ts'
import { groupInfo } from '../wire.ts'

/** Makes a member the owner of a group; the old owner gets the role that this member had. */
export async function transferGroup(
  ctx: CallerContext,
  { groupID, oldOwnerUserID, newOwnerUserID }: z.output<typeof TransferGroupOwnerReq>,
): Promise<void> {
  const { group, member: actor } = await accessGroup(ctx, groupID, 'owner')
  requireNotDismissed(group)
  if (oldOwnerUserID === newOwnerUserID) throw ImError.args('oldOwnerUserID and newOwnerUserID are the same')
  const members = await shownMembers(ctx, groupID, [oldOwnerUserID, newOwnerUserID])
  const oldOwner = members.find(({ userID }) => userID === oldOwnerUserID)
  const newOwner = members.find(({ userID }) => userID === newOwnerUserID)
  if (!oldOwner || oldOwner.roleLevel !== GroupRole.Owner) {
    throw ImError.args(`${oldOwnerUserID} is not the owner of group ${groupID}`)
  }
  if (!newOwner) throw ImError.args(`${newOwnerUserID} is not a member of group ${groupID}`)

  const operationTime = ctx.now()
  const opUser = await shownCaller(ctx, groupID)
  const shown = groupInfo(group)
  const unmuted = { ...newOwner, muteEndTime: 0 }
  const isMuted = newOwner.muteEndTime > operationTime
  const newGroupOwner = { ...unmuted, roleLevel: GroupRole.Owner }
  const oldGroupOwnerInfo = { ...oldOwner, roleLevel: newOwner.roleLevel }
  const transferred = { ...shown, ownerUserID: newOwnerUserID }
  await submitGroupChange(ctx, {
    groupID,
    actor,
    set: { ownerUserID: newOwnerUserID },
    update: [
      { userID: oldOwnerUserID, set: { roleLevel: newOwner.roleLevel } },
      { userID: newOwnerUserID, set: { roleLevel: GroupRole.Owner, muteEndTime: 0 } },
    ],
    roles: [oldOwner, newOwner].map(({ userID, roleLevel }) => ({ userID, roleLevel })),
    notices: [
      ...(isMuted
        ? [groupNotification.memberUnmuted({ group: shown, opUser, mutedUser: unmuted, operationTime })]
        : []),
      groupNotification.ownerTransferred({
        group: transferred,
        opUser: opUser.userID === oldOwnerUserID ? oldGroupOwnerInfo : opUser,
        newGroupOwner,
        oldGroupOwner: oldOwnerUserID,
        oldGroupOwnerInfo,
        operationTime,
      }),
    ],
  })
  await afterTransferGroupOwner(ctx, { groupID, oldOwnerUserID, newOwnerUserID })
}
