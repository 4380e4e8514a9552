import type { z } from 'zod'
import type { GroupMemberFields, GroupNotification } from '../../../contracts/group-change.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { SetGroupMemberInfo, SetGroupMemberInfoReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller } from '../notifications/shown-members.ts'
import { findMembers } from '../store/members.ts'
import { type ProposedChange, submitGroupChange } from '../submit-change.ts'
import type { GroupAndMember, GroupMemberRow, MemberWithUser } from '../tables.ts'
import { afterSetGroupMemberInfo, beforeSetGroupMemberInfo } from '../webhooks/member-webhooks.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

/** The most before-webhooks of one call that run at the same time. */
const MAX_PARALLEL = 6

/** The change of one member, as the caller wants it or as the app server changed it. */
interface Wanted {
  target: MemberWithUser
  given: SetGroupMemberInfo
}

/** The changes in one group, after the check of the caller's rights. */
interface Permitted {
  groupAndCaller: GroupAndMember
  wanted: readonly Wanted[]
}

/**
 * Changes names, faces, `ex` and roles of members. All rights are checked, and the before-webhooks for all members are
 * called, before the first change is made.
 */
export async function setMemberInfo(
  ctx: CallerContext,
  { members }: z.output<typeof SetGroupMemberInfoReq>,
): Promise<void> {
  const permitted: Permitted[] = []
  for (const [groupID, given] of Map.groupBy(members, (member) => member.groupID)) {
    permitted.push(await permit(ctx, groupID, given))
  }
  const proposed: { change: ProposedChange; wanted: readonly Wanted[] }[] = []
  for (const { groupAndCaller, wanted } of await callWebhooks(ctx, permitted)) {
    const changing = wanted.filter(({ given }) => Object.keys(fieldsOf(given)).length > 0)
    if (changing.length > 0) proposed.push({ change: await propose(ctx, groupAndCaller, changing), wanted: changing })
  }
  for (const { change, wanted } of proposed) {
    await submitGroupChange(ctx, change)
    await afterSetGroupMemberInfo(
      ctx,
      wanted.map(({ given }) => given),
    )
  }
}

async function callWebhooks(ctx: CallerContext, permitted: readonly Permitted[]): Promise<readonly Permitted[]> {
  if (!ctx.config.webhooks.beforeSetGroupMemberInfo) return permitted
  const answered: Permitted[] = []
  for (const { groupAndCaller, wanted } of permitted) {
    const wantedByApp = await inParallel(wanted, MAX_PARALLEL, async ({ target, given }) => ({
      target,
      given: await beforeSetGroupMemberInfo(ctx, given, target.member.roleLevel),
    }))
    answered.push({ groupAndCaller, wanted: wantedByApp })
  }
  return answered
}

async function permit(ctx: CallerContext, groupID: string, members: readonly SetGroupMemberInfo[]): Promise<Permitted> {
  const groupAndCaller = await accessGroup(ctx, groupID, 'member')
  requireNotDismissed(groupAndCaller.group)
  const found = await findMembers(
    ctx.db,
    members.map(({ userID }) => ({ groupID, userID })),
  )
  const targets = new Map(found.map((target) => [target.member.userID, target]))
  const wanted = members.map((given) => {
    const target = targets.get(given.userID)
    if (!target) throw ImError.args(`${given.userID} is not a member of group ${groupID}`)
    requireRight(ctx, groupAndCaller, target.member, given)
    return { target, given }
  })
  return { groupAndCaller, wanted }
}

async function propose(
  ctx: CallerContext,
  { group, member: actor }: GroupAndMember,
  wanted: readonly Wanted[],
): Promise<ProposedChange> {
  const { groupID } = group
  const base = { group: groupInfo(group), opUser: await shownCaller(ctx, groupID), operationTime: ctx.now() }
  const update: { userID: string; set: GroupMemberFields }[] = []
  const notices: GroupNotification[] = []
  for (const { target, given } of wanted) {
    const set = fieldsOf(given)
    update.push({ userID: given.userID, set })
    const changedUser = groupMemberFullInfo({ ...target, member: { ...target.member, ...set } })
    if (set.roleLevel !== undefined) notices.push(groupNotification.roleSet({ ...base, changedUser }))
    const { roleLevel: _role, ...others } = set
    if (Object.keys(others).length > 0) notices.push(groupNotification.memberInfoSet({ ...base, changedUser }))
  }
  const roles = wanted.map(({ target: { member } }) => ({ userID: member.userID, roleLevel: member.roleLevel }))
  return { groupID, actor, update, roles, notices }
}

function fieldsOf({ nickname, faceURL, ex, roleLevel }: SetGroupMemberInfo): GroupMemberFields {
  return {
    ...(nickname !== null && { nickname }),
    ...(faceURL !== null && { faceURL }),
    ...(ex !== null && { ex }),
    ...(roleLevel !== null && { roleLevel }),
  }
}

/**
 * The owner may change all members; a group administrator themselves and ordinary members; an ordinary member only
 * themselves. App administrators may change all members. The owner's role changes only with a transfer of the group.
 */
function requireRight(
  ctx: CallerContext,
  { member }: GroupAndMember,
  target: GroupMemberRow,
  { roleLevel }: SetGroupMemberInfo,
): void {
  if (roleLevel === GroupRole.Owner)
    throw ImError.noPermission('roleLevel 100 makes an owner: transfer the group with /group/transfer_group')
  if (roleLevel !== null && target.roleLevel === GroupRole.Owner) {
    throw ImError.noPermission('the role of the owner changes only with /group/transfer_group')
  }
  if (ctx.caller.isAdmin) return
  const own = member?.roleLevel ?? 0
  const isSelf = target.userID === ctx.caller.userID
  if (isSelf && roleLevel !== null && roleLevel > own) throw ImError.noPermission('members cannot raise their own role')
  if (isSelf || own === GroupRole.Owner) return
  if (own === GroupRole.Admin && target.roleLevel === GroupRole.Member) return
  throw ImError.noPermission(`${ctx.caller.userID} may not change the member info of ${target.userID}`)
}
