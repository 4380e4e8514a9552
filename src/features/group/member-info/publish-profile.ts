import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Context } from '../../../runtime/context.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { groupsShowingProfile } from '../store/members.ts'
import { submitGroupChange } from '../submit-change.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

/** The most groups that are changed at the same time; D1 takes no more statements at a time. */
const MAX_PARALLEL = 6

/**
 * After a user's name or face changed: announces it in every group that shows it, and gives the member lists of these
 * groups a new version, so that offline members get it at their next sync.
 */
export async function publishProfileToGroups(ctx: Context, userID: string): Promise<void> {
  await inParallel(await groupsShowingProfile(ctx.db, userID), MAX_PARALLEL, async ({ group, ...found }) => {
    const changedUser = groupMemberFullInfo(found)
    const base = { group: groupInfo(group), opUser: changedUser, operationTime: ctx.now() }
    try {
      await submitGroupChange(ctx, {
        groupID: group.groupID,
        update: [{ userID, set: {} }],
        notices: [groupNotification.memberInfoSet({ ...base, changedUser })],
      })
    } catch (error) {
      // The member has left or the group was dismissed meanwhile. After any other error the queue repeats the whole
      // job.
      if (!(error instanceof ImError)) throw error
      ctx.log.debug('profile change in a group skipped: refused', { userID, groupID: group.groupID })
    }
  })
}
