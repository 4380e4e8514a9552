import type { AppendItem } from '../../platform/rpc.ts'
import { isNotificationKind } from '../../protocol/constants/content-type.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { ImError } from '../../protocol/errors.ts'
import type { Members } from './members.ts'

/** recvMsgOpt: the receiver does not want messages at all. */
const REFUSE = 1

/**
 * Whether the receiver of a single message takes it.
 * @returns why not, in OpenIM's words, or null
 */
export function refusalByReceiver(members: Members, item: AppendItem): ImError | null {
  if (item.sessionType !== SessionType.Single || item.log !== 'chat' || isNotificationKind(item.contentType))
    return null
  if (item.recvID === item.sendID) return null
  const receiver = members.get(item.recvID)
  if (!receiver) return null
  if (receiver.globalRecvMsgOpt === REFUSE || receiver.recvMsgOpt === REFUSE) return ImError.args('message is not sent')
  return null
}
