import type { z } from 'zod'
import type { GroupMemberFields, GroupNotice } from '../../../contracts/group-change.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup, type DecidedChange } from '../change-group.ts'
import type { SetGroupMemberInfo, SetGroupMemberInfoReq } from '../change-schema.ts'
import { afterSetGroupMemberInfo, beforeSetGroupMemberInfo } from '../member-webhooks.ts'
import type { GroupAndMember } from '../store/groups.ts'
import { findMembers, type MemberWithUser } from '../store/members.ts'
import type { GroupMemberRow } from '../tables.ts'
import { actorOf, groupNotice } from '../tips.ts'
import { groupInfo, groupMemberFullInfo } from '../wire.ts'

/** How many members the app is asked about at the same time. */
const MAX_PARALLEL = 6

/** A change of a member, as it was asked for or as the app wants it. */
interface Wanted {
  target: MemberWithUser
  given: SetGroupMemberInfo
}

/** What is to change in one group. */
interface Permitted {
  place: GroupAndMember
  wanted: readonly Wanted[]
}

/**
 * Changes names, faces, `ex` and roles of members. Everything is checked, and the app is asked about everybody, before
 * anything is changed.
 */
export async function setMemberInfo(
  ctx: CallerContext,
  { members }: z.output<typeof SetGroupMemberInfoReq>,
): Promise<void> {
  const permitted: Permitted[] = []
  for (const [groupID, given] of Map.groupBy(members, (member) => member.groupID)) {
    permitted.push(await permit(ctx, groupID, given))
  }
  const decided: { change: DecidedChange; wanted: readonly Wanted[] }[] = []
  for (const { place, wanted } of await askAbout(ctx, permitted)) {
    const changing = wanted.filter(({ given }) => Object.keys(fieldsOf(given)).length > 0)
    if (changing.length > 0) decided.push({ change: await decide(ctx, place, changing), wanted: changing })
  }
  for (const { change, wanted } of decided) {
    await changeGroup(ctx, change)
    await afterSetGroupMemberInfo(
      ctx,
      wanted.map(({ given }) => given),
    )
  }
}

async function askAbout(ctx: CallerContext, permitted: readonly Permitted[]): Promise<readonly Permitted[]> {
  if (!ctx.config.webhooks.beforeSetGroupMemberInfo) return permitted
  const asked: Permitted[] = []
  for (const { place, wanted } of permitted) {
    const answered = await inParallel(wanted, MAX_PARALLEL, async ({ target, given }) => ({
      target,
      given: await beforeSetGroupMemberInfo(ctx, given, target.member.roleLevel),
    }))
    asked.push({ place, wanted: answered })
  }
  return asked
}

async function permit(ctx: CallerContext, groupID: string, members: readonly SetGroupMemberInfo[]): Promise<Permitted> {
  const place = await groupAs(ctx, groupID, 'member')
  requireInUse(place.group)
  const found = await findMembers(
    ctx.db,
    members.map(({ userID }) => ({ groupID, userID })),
  )
  const targets = new Map(found.map((target) => [target.member.userID, target]))
  const wanted = members.map((given) => {
    const target = targets.get(given.userID)
    if (!target) throw ImError.args(`${given.userID} is not a member of group ${groupID}`)
    requireRight(ctx, place, target.member, given)
    return { target, given }
  })
  return { place, wanted }
}

async function decide(
  ctx: CallerContext,
  { group, member: actor }: GroupAndMember,
  wanted: readonly Wanted[],
): Promise<DecidedChange> {
  const { groupID } = group
  const base = { group: groupInfo(group), opUser: await actorOf(ctx, groupID), operationTime: ctx.now() }
  const update: { userID: string; set: GroupMemberFields }[] = []
  const notices: GroupNotice[] = []
  for (const { target, given } of wanted) {
    const set = fieldsOf(given)
    update.push({ userID: given.userID, set })
    const changedUser = groupMemberFullInfo({ ...target, member: { ...target.member, ...set } })
    if (set.roleLevel !== undefined) notices.push(groupNotice.roleSet({ ...base, changedUser }))
    const { roleLevel: _role, ...others } = set
    if (Object.keys(others).length > 0) notices.push(groupNotice.memberInfoSet({ ...base, changedUser }))
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

/** The owner may change everybody, an administrator of the group themselves and ordinary members, a member themselves. */
function requireRight(
  ctx: CallerContext,
  { member }: GroupAndMember,
  target: GroupMemberRow,
  { roleLevel }: SetGroupMemberInfo,
): void {
  if (roleLevel === GroupRole.Owner) throw ImError.noPermission('a group is handed over with /group/transfer_group')
  if (roleLevel !== null && target.roleLevel === GroupRole.Owner) {
    throw ImError.noPermission('the owner stays the owner until the group is handed over')
  }
  if (ctx.caller.isAdmin) return
  const own = member?.roleLevel ?? 0
  const isSelf = target.userID === ctx.caller.userID
  if (isSelf && roleLevel !== null && roleLevel > own) throw ImError.noPermission('nobody raises their own role')
  if (isSelf || own === GroupRole.Owner) return
  if (own === GroupRole.Admin && target.roleLevel === GroupRole.Member) return
  throw ImError.noPermission(`${ctx.caller.userID} may not change what ${target.userID} is in the group`)
}
