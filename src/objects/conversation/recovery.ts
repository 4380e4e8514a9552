import { MINUTE_MS } from '../../platform/durations.ts'
import { eraseBurned } from './append/burn.ts'
import type { ConversationCore } from './conversation-core.ts'
import { type PendingWork, RECOVERY_DELAY_MS } from './delivery/recovery-alarm.ts'
import { resumeGroupChanges } from './group/change-group.ts'
import { resumeRelationChanges } from './members/relations.ts'

/**
 * The runtime repeats a failed alarm at a later time. Up to this delay, the repeated alarm still belongs to its busy
 * period.
 */
const ALARM_RETRY_SLACK_MS = 2 * MINUTE_MS

/** Resumes the work and the deliveries that a crash interrupted. No request is served before it ends. */
export function wake(conversation: ConversationCore): Promise<void> {
  return conversation.recoveryAlarm.wake(conversation.now(), pendingWorkOf(conversation))
}

/** @param due when the alarm was due, ms */
export async function handleAlarm(conversation: ConversationCore, due: number, isRetry: boolean): Promise<void> {
  await conversation.recoveryAlarm.fire(due, pendingWorkOf(conversation), () => eraseBurned(conversation))
  await listIfNew(conversation, due - RECOVERY_DELAY_MS - (isRetry ? ALARM_RETRY_SLACK_MS : 0))
}

function pendingWorkOf(conversation: ConversationCore): PendingWork[] {
  const { groupChanges, relationChanges } = conversation
  return [
    {
      get pending() {
        return groupChanges.pending
      },
      get operationID() {
        return groupChanges.operationID
      },
      resume: () => resumeGroupChanges(conversation),
    },
    {
      get pending() {
        return relationChanges.pending
      },
      resume: (now) => resumeRelationChanges(conversation, now),
    },
  ]
}

/**
 * Adds a conversation that began at or after a time (ms) to the directory in D1, where searches without a sender and a
 * receiver find it.
 */
async function listIfNew({ state, conversationID, sendTransferJob }: ConversationCore, since: number): Promise<void> {
  if ((state.logs.chat.storedTime(1) ?? 0) < since) return
  await sendTransferJob({ kind: 'conversation-begun', operationID: `alarm_${conversationID}`, conversationID })
}
