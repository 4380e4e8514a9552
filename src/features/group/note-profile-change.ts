import type { Context } from '../../platform/context.ts'
import { inParallel } from '../../platform/parallel.ts'
import { changeGroup } from './change-group.ts'
import { groupsShowingProfile } from './store/members.ts'
import { groupNotice } from './tips.ts'
import { groupInfo, groupMemberFullInfo } from './wire.ts'

/** D1 takes no more than this at a time. */
const MAX_PARALLEL = 6

/** A user's name or face changed: the groups in which it is shown hear of it, or find it at the next sync. */
export async function noteProfileChangeInGroups(ctx: Context, userID: string): Promise<void> {
  await inParallel(await groupsShowingProfile(ctx.db, userID), MAX_PARALLEL, async ({ group, ...found }) => {
    const changedUser = groupMemberFullInfo(found)
    const base = { group: groupInfo(group), opUser: changedUser, operationTime: ctx.now() }
    try {
      await changeGroup(ctx, {
        groupID: group.groupID,
        update: [{ userID, set: {} }],
        notices: [groupNotice.memberInfoSet({ ...base, changedUser })],
      })
    } catch (error) {
      ctx.log.error("a member's changed profile could not be announced", error, { userID, groupID: group.groupID })
    }
  })
}
