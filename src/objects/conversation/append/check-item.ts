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
  const byPair = isGroup ? null : refusalByPair(members, item)
  if (byPair) return byPair
  if (!item.skipChecks && !(isGroup && isAppAdmin) && !members.has(item.sendID)) {
    return ImError.notInGroup(`${item.sendID} is not a member of the conversation`)
  }
  return refusalByReceiver(members, item, friendVerify)
}

/**
 * Refuses a message of two users to the chat of another pair, also from an account that is exempt from other checks:
 * otherwise the other pair would get it. OpenIM: the ID of a chat is both userIDs with "_" between them, so that `a_b`
 * and `c` have the same ID as `a` and `b_c`.
 */
function refusalByPair(members: Members, { sendID, recvID, log }: AppendItem): ImError | null {
  if (log !== 'chat' || (members.has(sendID) && members.has(recvID))) return null
  return ImError.notInGroup(
    `${sendID} and ${recvID} cannot chat: another pair of users has the same conversationID, because userIDs are joined ` +
      'by "_" in it. Choose userIDs without "_"',
  )
}
