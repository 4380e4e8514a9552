import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { changeGroup } from '../change-group.ts'
import { groupsShowingProfile } from '../store/members.ts'
import { groupNotice } from '../tips.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

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
      // The member has left meanwhile, or the group has ended; anything else is tried again with the whole job.
      if (!(error instanceof ImError)) throw error
      ctx.log.debug("a member's changed profile concerns nobody any more", { userID, groupID: group.groupID })
    }
  })
}
