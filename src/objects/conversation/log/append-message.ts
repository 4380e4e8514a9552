import type { AppendItem, AppendResult, LogName } from '../../../contracts/messages.ts'
import { MessageStatus } from '../../../protocol/constants/message-status.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { stampMessage } from '../../../protocol/push-messages.ts'
import type { StampedMessage } from '../delivery/stamped-message.ts'
import type { MessageLog } from '../state/message-log.ts'

/**
 * Appends one message: it gets the next seq and a row. A retry gets the answer of the first try instead. There is no
 * await: between reading the head of the log and writing the row no other call runs, so that seqs have no gaps.
 * @returns the answer, and the message to deliver; null for a retry, whose message was delivered the first time
 */
export function appendMessage(
  logs: Readonly<Record<LogName, MessageLog>>,
  item: AppendItem,
  now: number,
): { result: AppendResult; stamped: StampedMessage | null } {
  const log = logs[item.log]
  if (!item.stored) {
    const sendTime = item.sendTime || now
    return stamp(item, 0, sendTime)
  }
  const first = log.firstAnswer(item.sendID, item.clientMsgID, item.createTime)
  if (first) {
    const { seq, sendTime } = first
    return {
      result: { ok: true, seq, serverMsgID: serverMsgIDOf(log, seq), sendTime, duplicate: true },
      stamped: null,
    }
  }
  const seq = log.maxSeq + 1
  const sendTime = item.sendTime || log.nextSendTime(now)
  const appended = stamp(item, seq, sendTime)
  const { clientMsgID, sendID } = item
  log.append({ clientMsgID, sendID, sendTime, storedTime: now, msg: appended.stamped.msg }, seq)
  return appended
}

function stamp(item: AppendItem, seq: number, sendTime: number): { result: AppendResult; stamped: StampedMessage } {
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
