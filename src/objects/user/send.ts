import { prepareSend } from '../../features/message/prepare-send.ts'
import { messageID } from '../../platform/ids.ts'
import { type AppendItem, type AppendResult, errorOf } from '../../platform/rpc.ts'
import { MessageStatus } from '../../protocol/constants/message-status.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import type { MsgData } from '../../protocol/proto/index.ts'
import { encodePushMessages, stampMessage } from '../../protocol/push-messages.ts'
import { pushInOrder } from './deliver.ts'
import type { UserCore } from './user-core.ts'

/** What the sender learns of a message that is stored. */
export interface Sent {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
  /**
   * Gives the message to all devices of the sender; must be called once the request is answered. A retry is news only
   * to the device that made it: the others have the message since the first time.
   */
  echo(requester: WebSocket): void
}

/**
 * Sends a message for one of the user's devices. Up to the append nothing is awaited, so frames keep their order.
 * @throws ImError what the checks or the conversation refuse
 */
export async function sendMessage(user: UserCore, msg: MsgData, operationID: string): Promise<Sent> {
  const serverMsgID = messageID()
  const { home, item } = prepareSend(msg, { userID: user.userID, operationID, serverMsgID })
  const finished = user.sends.begin(home)
  try {
    const result = await append(user, home, item)
    return {
      serverMsgID: result.serverMsgID,
      clientMsgID: msg.clientMsgID,
      sendTime: result.sendTime,
      echo(requester) {
        pushEcho(user, home, item, result, result.duplicate ? requester : null)
        finished()
      },
    }
  } catch (error) {
    finished()
    throw error
  }
}

type Appended = Extract<AppendResult, { ok: true }>

async function append(user: UserCore, home: string, item: AppendItem): Promise<Appended> {
  // Marked before the message leaves: a crash after it is stored then still leads the other devices to it.
  if (item.stored) user.marks.mark(home, home)
  const result = await user.sends.append(home, item)
  if (!result.ok) {
    user.marks.forget(home)
    throw errorOf(result.refusal)
  }
  if (item.stored) {
    // A sync that ran meanwhile may have lifted the mark.
    user.marks.mark(home, home)
    const peerUserID = item.sessionType === SessionType.Single ? item.recvID : ''
    user.conversations.ensure(home, { sessionType: item.sessionType, peerUserID, groupID: item.groupID })
  }
  return result
}

function pushEcho(user: UserCore, home: string, item: AppendItem, result: Appended, only: WebSocket | null): void {
  const { seq, sendTime } = result
  const { sendID, operationID } = item
  const msg = stampMessage(item.msg, { ...result, status: MessageStatus.Sent })
  if (only !== null || seq === 0) {
    const data = encodePushMessages([{ conversationID: home, msgs: [msg] }])
    if (item.senderSync) user.devices.push(data, operationID, (socket) => only === null || socket === only)
    return
  }
  pushInOrder(user, home, [{ seq, sendTime, sendID, operationID, msg, silent: !item.senderSync }])
}
