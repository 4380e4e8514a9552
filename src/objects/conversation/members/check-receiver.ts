import type { AppendItem } from '../../../contracts/messages.ts'
import { isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Member, Members } from './members.ts'

/** recvMsgOpt: the receiver does not want messages at all. */
const REFUSE = 1

/** From this level on an account is the app's own, and writes to everybody. */
const FIRST_SPARED_LEVEL = 2

/**
 * Whether the receiver of a single message takes it.
 * @returns why not, in OpenIM's words, or null
 */
export function refusalByReceiver(members: Members, item: AppendItem, friendVerify: boolean): ImError | null {
  if (item.sessionType !== SessionType.Single || item.log !== 'chat' || isNotificationKind(item.contentType))
    return null
  if (item.recvID === item.sendID) return null
  const receiver = members.get(item.recvID)
  if (!receiver) return null
  const spared = item.exempt || (members.get(item.sendID)?.appLevel ?? 0) >= FIRST_SPARED_LEVEL
  return (spared ? null : refusalOfSender(receiver, item, friendVerify)) ?? refusalByOption(receiver)
}

/** Who may write at all. What the sender has made of the receiver does not matter. */
function refusalOfSender(receiver: Member, { sendID }: AppendItem, friendVerify: boolean): ImError | null {
  if (receiver.blockedPeer) return ImError.blockedByPeer(`${receiver.userID} has blocked ${sendID}`)
  if (friendVerify && !receiver.befriendedPeer) {
    return ImError.notPeersFriend(`${sendID} is not a friend of ${receiver.userID}`)
  }
  return null
}

function refusalByOption(receiver: Member): ImError | null {
  if (receiver.globalRecvMsgOpt === REFUSE || receiver.recvMsgOpt === REFUSE) return ImError.args('message is not sent')
  return null
}
