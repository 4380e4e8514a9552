import type { z } from 'zod'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { DismissGroupReq } from '../change-schema.ts'
import { membersAfter, memberUserIDs } from '../store/members.ts'
import { actorOf, groupNotice } from '../tips.ts'
import { afterDismissGroup, tellsOfDismissal } from '../webhooks.ts'
import { groupInfo } from '../wire.ts'

/** So many members are let go in one step. */
const STEP = 500

/**
 * Ends a group: nobody writes in it any more. Its members are told, unless they are to be let go without a word. They
 * are let go in the same step, since clients that are told look at once for the groups they still have; those of a
 * large group by the queue.
 */
export async function dismissGroup(
  ctx: CallerContext,
  { groupID, deleteMember, sendMessage }: z.output<typeof DismissGroupReq>,
): Promise<void> {
  const { group, member: actor } = await groupAs(ctx, groupID, 'owner')
  const letGo = () => ctx.enqueue({ kind: 'group-dismissed', operationID: ctx.operationID, groupID })
  // A first call may have broken off before its members were let go.
  if (group.status === GroupStatus.Dismissed && group.memberCount > 0) await letGo()
  if (!deleteMember) requireInUse(group)
  if (group.status === GroupStatus.Dismissed) return
  const shown = { ...groupInfo(group), status: GroupStatus.Dismissed }
  const base = { group: shown, opUser: await actorOf(ctx, groupID), operationTime: ctx.now() }
  const members = tellsOfDismissal(ctx) ? await memberUserIDs(ctx.db, groupID) : []
  await changeGroup(ctx, {
    groupID,
    actor,
    set: { status: GroupStatus.Dismissed },
    everybodyLeaves: true,
    notices: deleteMember ? [] : [groupNotice.dismissed(base, sendMessage ?? undefined)],
  })
  await letGo()
  await afterDismissGroup(ctx, group, members)
}

/** Lets the members of a dismissed group go, who then no longer have it in their lists. May be repeated. */
export async function letMembersGo(ctx: Context, groupID: string): Promise<void> {
  for (;;) {
    const members = await membersAfter(ctx.db, groupID, '', STEP)
    if (members.length === 0) return
    await changeGroup(ctx, { groupID, leave: members.map(({ member }) => member.userID), notices: [] })
  }
}
