import type { z } from 'zod'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { MuteGroupReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller } from '../notifications/shown-members.ts'
import { submitGroupChange } from '../submit-change.ts'
import { groupInfo } from '../wire.ts'

/** Refuses the messages of ordinary members: only the owner and administrators can write. */
export function muteGroup(ctx: CallerContext, { groupID }: z.output<typeof MuteGroupReq>): Promise<void> {
  return setStatus(ctx, groupID, GroupStatus.Muted)
}

export function cancelMuteGroup(ctx: CallerContext, { groupID }: z.output<typeof MuteGroupReq>): Promise<void> {
  return setStatus(ctx, groupID, GroupStatus.InUse)
}

async function setStatus(ctx: CallerContext, groupID: string, status: number): Promise<void> {
  const { group, member: actor } = await accessGroup(ctx, groupID, 'admin')
  // OpenIM does not check this, so there the call puts a dismissed group in use again.
  requireNotDismissed(group)
  const base = {
    group: { ...groupInfo(group), status },
    opUser: await shownCaller(ctx, groupID),
    operationTime: ctx.now(),
  }
  const notice = status === GroupStatus.Muted ? groupNotification.muted(base) : groupNotification.unmuted(base)
  await submitGroupChange(ctx, { groupID, actor, set: { status }, notices: [notice] })
}
