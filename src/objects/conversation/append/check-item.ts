import type { Config } from '../../../config/index.ts'
import type { AppendItem } from '../../../contracts/messages.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Members } from '../state/members.ts'
import { refusalByGroup } from './check-group.ts'
import { refusalByReceiver } from './check-receiver.ts'

/**
 * Checks whether a message may be appended: the group accepts it, the sender is a member, and the receiver accepts it.
 * @returns the refusal, or null
 */
export function refusalOfItem(
  members: Members,
  { friendVerify, admins }: Pick<Config, 'friendVerify' | 'admins'>,
  item: AppendItem,
  now: number,
): ImError | null {
  const isAppAdmin = admins.has(item.sendID)
  const byGroup = refusalByGroup(members, item, { isAppAdmin, now })
  if (byGroup) return byGroup
  const isGroup = item.sessionType === SessionType.Group
  if (!item.skipChecks && !(isGroup && isAppAdmin) && !members.has(item.sendID)) {
    return ImError.notInGroup(`${item.sendID} is not a member of the conversation`)
  }
  return refusalByReceiver(members, item, friendVerify)
}
