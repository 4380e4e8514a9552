import type { AppendItem } from '../../../contracts/messages.ts'
import { isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { GroupRole, GroupStatus } from '../../../protocol/constants/group.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Members } from '../state/members.ts'

/**
 * Checks whether a group accepts a message from its sender.
 * @param isAppAdmin the sender is an app administrator
 * @returns the refusal with OpenIM's code, or null
 */
export function refusalByGroup(
  members: Members,
  item: AppendItem,
  { isAppAdmin, now }: { isAppAdmin: boolean; now: number },
): ImError | null {
  if (item.sessionType !== SessionType.Group || item.log !== 'chat' || isNotificationKind(item.contentType)) return null
  const status = members.group?.status
  if (status === GroupStatus.Dismissed) return ImError.groupDismissed(`group ${item.groupID} was dismissed`)
  if (item.skipChecks || isAppAdmin) return null
  const member = members.get(item.sendID)
  if (!member || member.leftSeq >= 0) {
    return ImError.notInGroup(`${item.sendID} is not a member of group ${item.groupID}`)
  }
  if (member.roleLevel === GroupRole.Owner) return null
  if (member.muteEndTime >= now) {
    return ImError.mutedInGroup(`${item.sendID} is muted in group ${item.groupID} until ${member.muteEndTime}`)
  }
  if (status === GroupStatus.Muted && member.roleLevel !== GroupRole.Admin) {
    return ImError.mutedGroup(`group ${item.groupID} is muted: only its owner and administrators may send`)
  }
  return null
}
