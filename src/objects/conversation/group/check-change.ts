import type { GroupChange } from '../../../contracts/group-change.ts'
import { GroupStatus } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Members } from '../state/members.ts'

/**
 * Checks a change against the current members. The caller checked the rows in D1, and another change may have been made
 * since then.
 * @returns the refusal, or null
 */
export function refusalOfChange(members: Members, change: GroupChange): ImError | null {
  const { groupID, create, join = [], update = [], leave = [], roles = [], actor } = change
  if (create) return members.kind ? ImError.groupIDExists(`groupID ${groupID} is taken`) : null
  const isRemoval = join.length === 0 && update.length === 0 && leave.length > 0
  if (members.group?.status === GroupStatus.Dismissed && !isRemoval) {
    return ImError.groupDismissed(`group ${groupID} was dismissed`)
  }
  if (actor && (members.get(actor.userID)?.roleLevel ?? 0) < actor.roleLevel) {
    return ImError.noPermission(`${actor.userID} has lost the required role in group ${groupID}`)
  }
  const present = join.find(({ userID }) => members.has(userID))
  if (present) return ImError.args(`${present.userID} is already a member of group ${groupID}`)
  const absent = [...leave, ...update.map(({ userID }) => userID)].find((userID) => !members.has(userID))
  if (absent !== undefined) return ImError.notInGroup(`${absent} is not a member of group ${groupID}`)
  const changed = roles.find(({ userID, roleLevel }) => members.get(userID)?.roleLevel !== roleLevel)
  return changed ? ImError.noPermission(`the role of ${changed.userID} in group ${groupID} has changed`) : null
}

/** The number of members after the change. */
export function memberCountAfter(members: Members, { create, join = [], leave = [] }: GroupChange): number {
  const before = create ? 0 : (members.group?.memberCount ?? 0)
  return before + join.length - leave.length
}
