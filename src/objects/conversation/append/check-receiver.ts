import type { AppendItem } from '../../../contracts/messages.ts'
import { isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { ReceiveOption } from '../../../protocol/constants/receive-option.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Member, Members } from '../state/members.ts'

/** From this level on an account belongs to the app: blocks and the friend check do not apply to it. */
const FIRST_APP_LEVEL = 2

/**
 * Checks whether the receiver of a one-to-one message accepts it.
 * @returns the refusal with OpenIM's code, or null
 */
export function refusalByReceiver(members: Members, item: AppendItem, friendVerify: boolean): ImError | null {
  if (item.sessionType !== SessionType.Single || item.log !== 'chat' || isNotificationKind(item.contentType))
    return null
  if (item.recvID === item.sendID) return null
  const receiver = members.get(item.recvID)
  if (!receiver) return null
  const isOfApp = item.skipChecks || (members.get(item.sendID)?.appLevel ?? 0) >= FIRST_APP_LEVEL
  return (isOfApp ? null : refusalOfSender(receiver, item, friendVerify)) ?? refusalByOption(receiver)
}

/** Only the receiver's relations count; the sender may have blocked the receiver. */
function refusalOfSender(receiver: Member, { sendID }: AppendItem, friendVerify: boolean): ImError | null {
  if (receiver.blockedPeer) return ImError.blockedByPeer(`${receiver.userID} has blocked ${sendID}`)
  if (friendVerify && !receiver.befriendedPeer) {
    return ImError.notPeersFriend(`${sendID} is not a friend of ${receiver.userID}`)
  }
  return null
}

function refusalByOption({ globalRecvMsgOpt, recvMsgOpt }: Member): ImError | null {
  if (globalRecvMsgOpt !== ReceiveOption.Block && recvMsgOpt !== ReceiveOption.Block) return null
  // OpenIM: its server answers with this sentence.
  return ImError.args('message is not sent')
}
