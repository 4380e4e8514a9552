import type { GroupMemberRecord } from '../../../contracts/group-change.ts'
import { inBatches } from '../../../platform/concurrency/batches.ts'
import { AccountLevel } from '../../../protocol/constants/account-level.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { existingUser } from '../../user/access.ts'
import type { GroupMemberFullInfo } from '../schema.ts'
import { findMembers } from '../store/members.ts'
import { groupMemberFullInfo } from '../wire.ts'

/* Members as notifications show them. */

/** The most members that one notification names; clients read the others from the member list. */
export const MAX_NAMED_MEMBERS = 50

/**
 * The most bytes that the members in one notification may have. They are counted as JSON within JSON, as the
 * notification carries them: it becomes one row of the log, which has at most 2 MB.
 */
const MAX_NAMED_BYTES = 512 * 1024

/** Splits members into parts that each fit into one notification. */
export function splitByNotification(members: readonly GroupMemberFullInfo[]): GroupMemberFullInfo[][] {
  const bytesOf = (member: GroupMemberFullInfo) => Buffer.byteLength(JSON.stringify(JSON.stringify(member)))
  return inBatches(members, bytesOf, { maxItems: MAX_NAMED_MEMBERS, maxBytes: MAX_NAMED_BYTES })
}

/** The caller as notifications show the user who acts: a member, or an app administrator who is not a member. */
export async function shownCaller(ctx: CallerContext, groupID: string): Promise<GroupMemberFullInfo> {
  const { userID } = ctx.caller
  const [member] = await findMembers(ctx.db, [{ groupID, userID }])
  if (member) return groupMemberFullInfo(member)
  return shownOutsider(ctx, groupID)
}

/** A caller who acts on a group without being a member. */
export async function shownOutsider(ctx: CallerContext, groupID: string): Promise<GroupMemberFullInfo> {
  const { userID, nickname, faceURL } = await existingUser(ctx, ctx.caller.userID)
  return {
    groupID,
    userID,
    nickname,
    faceURL,
    roleLevel: GroupRole.Admin,
    appMangerLevel: ctx.caller.isAdmin ? AccountLevel.Admin : 0,
    joinTime: 0,
    joinSource: 0,
    operatorUserID: '',
    ex: '',
    muteEndTime: 0,
    inviterUserID: '',
  }
}

/** Members of a group, in the order of the IDs; IDs of users who are not members are left out. */
export async function shownMembers(
  ctx: Context,
  groupID: string,
  userIDs: readonly string[],
): Promise<GroupMemberFullInfo[]> {
  const members = await findMembers(
    ctx.db,
    userIDs.map((userID) => ({ groupID, userID })),
  )
  return members.map(groupMemberFullInfo)
}

/** A member who has no row in D1 yet. */
export function shownNewMember(
  member: GroupMemberRecord,
  user: { nickname: string; faceURL: string } | undefined,
): GroupMemberFullInfo {
  return groupMemberFullInfo({ member, user: user ?? { nickname: '', faceURL: '' } })
}
