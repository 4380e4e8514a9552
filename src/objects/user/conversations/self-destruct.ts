import type { ConversationRow } from '../../../contracts/user.ts'
import type { UserCore } from '../user-core.ts'
import { notifyConversationsChanged } from './notify-own-devices.ts'

/** A conversation is looked at no more often than this: each look is an alarm, and alarms are billed. */
const MIN_INTERVAL_MS = 3_600_000

/**
 * When messages of some conversation are to disappear for this user next (ms), or null.
 * @param now a conversation that was never cleaned counts from here
 */
export function nextSelfDestruct(user: UserCore, now: number): number | null {
  const due = selfDestructing(user).map((row) => dueAt(row, now))
  return due.length === 0 ? null : Math.min(...due)
}

/** Hides from the owner what is older than the owner wants to keep, in every conversation whose time has come. */
export async function destructMessages(user: UserCore, now: number): Promise<void> {
  const changed: string[] = []
  for (const row of selfDestructing(user)) {
    if (dueAt(row, 0) > now) continue
    const mark = user.cursors.find(row.conversationID)
    if (!mark) continue
    const seq = await user.conversation(mark.home).newestSeqBefore(now - row.msgDestructTime * 1000)
    if (seq > 0) user.cursors.raiseMinSeq(row.conversationID, seq + 1)
    user.conversations.setLatestMsgDestructTime(row.conversationID, now)
    changed.push(row.conversationID)
  }
  if (changed.length > 0) notifyConversationsChanged(user, changed, now)
}

function selfDestructing(user: UserCore): ConversationRow[] {
  return user.conversations.list(null).filter((row) => row.isMsgDestruct && row.msgDestructTime > 0)
}

function dueAt(row: ConversationRow, neverCleaned: number): number {
  const since = row.latestMsgDestructTime || neverCleaned
  return since + Math.max(MIN_INTERVAL_MS, row.msgDestructTime * 1000)
}
