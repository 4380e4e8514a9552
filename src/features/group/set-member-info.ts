import type { z } from 'zod'
import type { CallerContext } from '../../platform/context.ts'
import type { GroupMemberFields, GroupNotice } from '../../platform/group-change.ts'
import { GroupRole } from '../../protocol/constants/group.ts'
import { ImError } from '../../protocol/errors.ts'
import { groupAs, requireInUse } from './access.ts'
import { changeGroup, type DecidedChange } from './change-group.ts'
import type { SetGroupMemberInfo, SetGroupMemberInfoReq } from './change-schema.ts'
import type { GroupAndMember } from './store/groups.ts'
import { findMembers } from './store/members.ts'
import type { GroupMemberRow } from './tables.ts'
import { actorOf, groupNotice } from './tips.ts'
import { groupInfo, groupMemberFullInfo } from './wire.ts'

/** Changes names, faces, `ex` and roles of members. Everything is checked before anything is changed. */
export async function setMemberInfo(
  ctx: CallerContext,
  { members }: z.output<typeof SetGroupMemberInfoReq>,
): Promise<void> {
  const changes: DecidedChange[] = []
  for (const [groupID, wanted] of Map.groupBy(members, (member) => member.groupID)) {
    const change = await decide(ctx, groupID, wanted)
    if (change) changes.push(change)
  }
  for (const change of changes) await changeGroup(ctx, change)
}

async function decide(
  ctx: CallerContext,
  groupID: string,
  wanted: readonly SetGroupMemberInfo[],
): Promise<DecidedChange | null> {
  const place = await groupAs(ctx, groupID, 'member')
  requireInUse(place.group)
  const found = await findMembers(
    ctx.db,
    wanted.map(({ userID }) => ({ groupID, userID })),
  )
  const targets = new Map(found.map((target) => [target.member.userID, target]))
  const base = { group: groupInfo(place.group), opUser: await actorOf(ctx, groupID), operationTime: ctx.now() }
  const update: { userID: string; set: GroupMemberFields }[] = []
  const notices: GroupNotice[] = []
  for (const given of wanted) {
    const target = targets.get(given.userID)
    if (!target) throw ImError.args(`${given.userID} is not a member of group ${groupID}`)
    requireRight(ctx, place, target.member, given)
    const set = fieldsOf(given)
    if (Object.keys(set).length === 0) continue
    update.push({ userID: given.userID, set })
    const changedUser = groupMemberFullInfo({ ...target, member: { ...target.member, ...set } })
    if (set.roleLevel !== undefined) notices.push(groupNotice.roleSet({ ...base, changedUser }))
    const { roleLevel: _role, ...others } = set
    if (Object.keys(others).length > 0) notices.push(groupNotice.memberInfoSet({ ...base, changedUser }))
  }
  const roles = found.map(({ member: { userID, roleLevel } }) => ({ userID, roleLevel }))
  return update.length === 0 ? null : { groupID, update, roles, notices }
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
