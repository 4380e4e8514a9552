import type { z } from 'zod'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { TransferGroupOwnerReq } from '../change-schema.ts'
import { actorOf, groupNotice, shownMembers } from '../tips.ts'
import { afterTransferGroupOwner } from '../webhooks.ts'
import { groupInfo } from '../wire.ts'

/** Hands a group over; the old owner takes the place of the new one. */
export async function transferGroup(
  ctx: CallerContext,
  { groupID, oldOwnerUserID, newOwnerUserID }: z.output<typeof TransferGroupOwnerReq>,
): Promise<void> {
  const { group, member: actor } = await groupAs(ctx, groupID, 'owner')
  requireInUse(group)
  if (oldOwnerUserID === newOwnerUserID) throw ImError.args('oldOwnerUserID and newOwnerUserID are the same')
  const members = await shownMembers(ctx, groupID, [oldOwnerUserID, newOwnerUserID])
  const oldOwner = members.find(({ userID }) => userID === oldOwnerUserID)
  const newOwner = members.find(({ userID }) => userID === newOwnerUserID)
  if (!oldOwner || oldOwner.roleLevel !== GroupRole.Owner) {
    throw ImError.args(`${oldOwnerUserID} is not the owner of group ${groupID}`)
  }
  if (!newOwner) throw ImError.args(`${newOwnerUserID} is not a member of group ${groupID}`)

  const operationTime = ctx.now()
  const opUser = await actorOf(ctx, groupID)
  const shown = groupInfo(group)
  const unmuted = { ...newOwner, muteEndTime: 0 }
  const isMuted = newOwner.muteEndTime > operationTime
  const newGroupOwner = { ...unmuted, roleLevel: GroupRole.Owner }
  const oldGroupOwnerInfo = { ...oldOwner, roleLevel: newOwner.roleLevel }
  const handedOver = { ...shown, ownerUserID: newOwnerUserID }
  await changeGroup(ctx, {
    groupID,
    actor,
    set: { ownerUserID: newOwnerUserID },
    update: [
      { userID: oldOwnerUserID, set: { roleLevel: newOwner.roleLevel } },
      { userID: newOwnerUserID, set: { roleLevel: GroupRole.Owner, muteEndTime: 0 } },
    ],
    roles: [oldOwner, newOwner].map(({ userID, roleLevel }) => ({ userID, roleLevel })),
    notices: [
      ...(isMuted ? [groupNotice.memberUnmuted({ group: shown, opUser, mutedUser: unmuted, operationTime })] : []),
      groupNotice.ownerTransferred({
        group: handedOver,
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
