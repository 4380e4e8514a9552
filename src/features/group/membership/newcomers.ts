import type { GroupMemberRecord } from '../../../contracts/group-change.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { noSuchUser } from '../../user/access.ts'
import { usersByID } from '../../user/get-users-info.ts'
import type { UserInfo } from '../../user/schema.ts'
import { crowdedUser } from '../store/limits.ts'

/**
 * The users that are to be taken in, by userID.
 * @param unknown the error for one who is not registered
 * @throws ImError 1001 when one of them is in too many groups, or the group would be too large
 */
export async function newcomers(
  ctx: Context,
  userIDs: readonly string[],
  memberCount: number,
  unknown: (userID: string) => ImError = noSuchUser,
): Promise<Map<string, UserInfo>> {
  const { maxGroupMembers, maxGroupsPerUser } = ctx.config
  if (memberCount + userIDs.length > maxGroupMembers)
    throw ImError.args(`a group has at most ${maxGroupMembers} members`)
  const users = await usersByID(ctx, userIDs)
  const missing = userIDs.find((userID) => !users.has(userID))
  if (missing !== undefined) throw unknown(missing)
  const crowded = await crowdedUser(ctx.db, userIDs, maxGroupsPerUser)
  if (crowded !== null) throw ImError.args(`${crowded} is in ${maxGroupsPerUser} groups, and no user can be in more`)
  return users
}

/** A member as yet without a name or a face of their own in the group. */
export function newMember(
  ctx: CallerContext,
  given: Pick<GroupMemberRecord, 'groupID' | 'userID' | 'joinSource' | 'inviterUserID'> & { roleLevel?: number },
): GroupMemberRecord {
  return {
    nickname: '',
    faceURL: '',
    roleLevel: GroupRole.Member,
    joinTime: ctx.now(),
    operatorUserID: ctx.caller.userID,
    muteEndTime: 0,
    ex: '',
    ...given,
  }
}
