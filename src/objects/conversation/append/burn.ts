import type { ReadResult } from '../../../contracts/conversation.ts'
import { appendItems } from '../../../notification/append-items.ts'
import { buildNotification, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { isNotificationKind } from '../../../protocol/constants/content-type.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { messageID } from '../../../runtime/ids.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { RECOVERY_DELAY_MS } from '../delivery/recovery-alarm.ts'
import { emptied } from '../log/read-window.ts'
import { markRead } from '../members/mark-read.ts'
import { appendBatch } from './append-batch.ts'

/*
 * Burn after reading: in a private chat, a message ends `burnDuration` seconds after its receiver has read it. It is
 * erased for both users by the alarm, or by the first read that comes later, so that no reader sees it after its time.
 */

/** Marks messages as read. Those that are private end after their time. */
export function markReadAndBurn(
  conversation: ConversationCore,
  userID: string,
  hasReadSeq: number,
  seqs: readonly number[],
): ReadResult {
  eraseBurned(conversation)
  const before = conversation.state.members.get(userID)?.readSeq ?? 0
  const read = markRead(conversation, userID, hasReadSeq, seqs)
  const { burning } = conversation.state
  const { firstSeq } = burning
  if (firstSeq === null) return read
  const now = conversation.now()
  const ends: { seq: number; due: number }[] = []
  for (const { seq, sendID, msg } of readMessages(conversation, Math.max(before + 1, firstSeq), hasReadSeq, seqs)) {
    const seconds = sendID === userID ? 0 : burning.secondsFor(seq, sendID, userID)
    // The notices of the chat are no private messages.
    if (seconds === 0 || isNotificationKind(MsgData.decode(msg).contentType)) continue
    ends.push({ seq, due: now + seconds * 1000 })
  }
  for (const { seq, due } of ends) burning.start(seq, due)
  scheduleBurning(conversation)
  return read
}

/** The stored messages of a range, one at a time, and the single ones beyond it. */
function* readMessages({ state }: ConversationCore, first: number, last: number, seqs: readonly number[]) {
  const { chat } = state.logs
  for (const message of chat.down(last + 1)) {
    if (message.seq < first) break
    yield message
  }
  for (const seq of seqs) {
    const message = seq > last ? chat.read(seq) : null
    if (message) yield message
  }
}

/** Sets the alarm for the next message that is due. During a busy period, whose alarm may be later, a timer helps. */
function scheduleBurning(conversation: ConversationCore): void {
  const due = conversation.state.burning.nextDue
  if (due === null) return
  const now = conversation.now()
  void conversation.recoveryAlarm.rearm(now)
  if (due - now <= RECOVERY_DELAY_MS) setTimeout(() => eraseBurned(conversation), Math.max(0, due - now))
}

/**
 * Erases the messages that are due, and notifies both users. The notification is stored, so that a device that was
 * offline deletes its copy at the next sync.
 */
export function eraseBurned(conversation: ConversationCore): void {
  const { state, conversationID } = conversation
  const { burning } = state
  const now = conversation.now()
  if (burning.nextDue === null || burning.nextDue > now) return
  const { chat } = state.logs
  const seqs = state.transaction(() => {
    const due = burning.takeDue(now)
    return due.filter((seq) => {
      const message = chat.read(seq)
      if (message) chat.erase(seq, emptied(message.msg))
      return message !== null
    })
  })
  const [userID] = state.members.userIDs
  if (userID !== undefined && seqs.length > 0) {
    const route = toUser(userID, state.members.peerOf(userID)?.userID ?? userID)
    const detail = { userID, conversationID, seqs }
    const built = buildNotification(NotificationKinds.deleteMsgs, route, detail, { clientMsgID: messageID(), now })
    appendBatch(conversation, appendItems(built, `burn_${conversationID}`))
  }
  scheduleBurning(conversation)
}
