import type { GroupMemberRecord } from '../../../contracts/group-change.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { noSuchUser } from '../../user/access.ts'
import { usersByID } from '../../user/get-users-info.ts'
import type { UserInfo } from '../../user/schema.ts'
import { findUserInTooManyGroups } from '../store/members.ts'

/**
 * Checks that users may become members, and reads their profiles.
 * @param notRegistered the error for a user who is not registered
 * @returns the profiles by userID
 * @throws ImError 1001 when the group would be too large, or when one of the users is in too many groups
 */
export async function checkNewMembers(
  ctx: Context,
  userIDs: readonly string[],
  memberCount: number,
  notRegistered: (userID: string) => ImError = noSuchUser,
): Promise<Map<string, UserInfo>> {
  const { maxGroupMembers, maxGroupsPerUser } = ctx.config
  if (memberCount + userIDs.length > maxGroupMembers)
    throw ImError.args(`a group has at most ${maxGroupMembers} members`)
  const users = await usersByID(ctx, userIDs)
  const missing = userIDs.find((userID) => !users.has(userID))
  if (missing !== undefined) throw notRegistered(missing)
  const crowded = await findUserInTooManyGroups(ctx.db, userIDs, maxGroupsPerUser)
  if (crowded !== null) throw ImError.args(`${crowded} is in ${maxGroupsPerUser} groups, and no user can be in more`)
  return users
}

/** A member's row without a name and a face for this group: the member shows the user's own. */
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
