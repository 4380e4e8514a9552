import type { ConversationRow } from '../../../contracts/user.ts'
import { HOUR_MS } from '../../../platform/durations.ts'
import type { UserCore } from '../user-core.ts'
import { notifyConversationsChanged } from './notify-own-devices.ts'

/** Minimum time between two clean-ups of a conversation: each needs an alarm, and alarms are billed. */
const MIN_INTERVAL_MS = HOUR_MS

/** The object's alarm: cleans up the conversations that are due, and sets the next alarm. */
export async function runSelfDestruct(user: UserCore): Promise<void> {
  await hideExpiredMessages(user, user.now())
  await scheduleSelfDestruct(user)
}

/** Sets the alarm for the next clean-up, or deletes it when no conversation has self-destructing messages. */
export async function scheduleSelfDestruct(user: UserCore): Promise<void> {
  const now = user.now()
  // A conversation that was never cleaned up counts from now.
  const due = selfDestructing(user).map((row) => dueAt(row, now))
  await user.setAlarm(due.length === 0 ? null : Math.min(...due))
}

/** Hides messages older than the owner's setting from the owner, in every conversation that is due. */
async function hideExpiredMessages(user: UserCore, now: number): Promise<void> {
  const changed: string[] = []
  for (const row of selfDestructing(user)) {
    if (dueAt(row, 0) > now) continue
    const cursor = user.cursors.find(row.conversationID)
    if (!cursor) continue
    const seq = await user.conversation(cursor.home).newestSeqBefore(now - row.msgDestructTime * 1000)
    if (seq > 0) user.cursors.raiseMinSeq(row.conversationID, seq + 1)
    user.conversations.setLatestMsgDestructTime(row.conversationID, now)
    changed.push(row.conversationID)
  }
  if (changed.length > 0) notifyConversationsChanged(user, changed, now)
}

function selfDestructing(user: UserCore): ConversationRow[] {
  return user.conversations.withSelfDestruct()
}

function dueAt(row: ConversationRow, neverCleaned: number): number {
  const since = row.latestMsgDestructTime || neverCleaned
  return since + Math.max(MIN_INTERVAL_MS, row.msgDestructTime * 1000)
}
