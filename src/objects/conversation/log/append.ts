import type { AppendItem, AppendResult, LogName } from '../../../contracts/messages.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { stampMessage } from '../../../protocol/push-messages.ts'
import type { MessageLog } from './message-log.ts'

/** A message that now has its final bytes and waits to be handed to the members. */
export interface StampedMessage {
  item: AppendItem
  seq: number
  sendTime: number
  msg: Uint8Array
}

/**
 * Gives a message its seq and its row, or the answer it got the first time. There is no await here: between reading
 * the head of the log and writing the next row nothing else runs, so seqs are gapless.
 * @returns the answer, and the message to deliver (null for a retry, which was delivered then)
 */
export function appendMessage(
  logs: Record<LogName, MessageLog>,
  item: AppendItem,
  now: number,
): { result: AppendResult; stamped: StampedMessage | null } {
  const log = logs[item.log]
  if (!item.stored) {
    const sendTime = item.sendTime || now
    return answered(item, 0, sendTime)
  }
  const first = log.firstAnswer(item.sendID, item.clientMsgID, item.createTime)
  if (first) {
    return {
      result: {
        ok: true,
        seq: first.seq,
        serverMsgID: serverMsgIDOf(log, first.seq),
        sendTime: first.sendTime,
        duplicate: true,
      },
      stamped: null,
    }
  }
  const seq = log.maxSeq + 1
  const sendTime = item.sendTime || log.nextSendTime(now)
  const appended = answered(item, seq, sendTime)
  log.append(
    {
      clientMsgID: item.clientMsgID,
      sendID: item.sendID,
      sendTime,
      storedTime: now,
      msg: appended.stamped.msg,
    },
    seq,
  )
  return appended
}

function answered(item: AppendItem, seq: number, sendTime: number): { result: AppendResult; stamped: StampedMessage } {
  const { serverMsgID } = item
  const msg = stampMessage(item.msg, { serverMsgID, sendTime, seq, status: MessageStatus.Sent })
  return {
    result: { ok: true, seq, serverMsgID, sendTime, duplicate: false },
    stamped: { item, seq, sendTime, msg },
  }
}

function serverMsgIDOf(log: MessageLog, seq: number): string {
  const stored = log.read(seq)
  return stored ? MsgData.decode(stored.msg).serverMsgID : ''
}
