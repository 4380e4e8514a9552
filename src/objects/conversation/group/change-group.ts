import type { GroupChange, GroupChanged } from '../../../contracts/group-change.ts'
import { type AppliedChange, applyGroupChange } from '../../../features/group/store/apply-change.ts'
import { requirePendingRequest } from '../../../features/group/store/requests.ts'
import { isPermanentError } from '../../../platform/storage/d1.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { openGroup } from '../members/open-conversation.ts'
import type { GroupChangeSteps } from '../state/group-changes.ts'
import { memberCountAfter, refusalOfChange } from './check-change.ts'
import { type Committed, commitGroupChange } from './commit-group-change.ts'

/**
 * Changes the group in D1 and in this conversation, and delivers the notices.
 * @throws ImError when the change does not fit the current state of the group
 */
export async function changeGroup(conversation: ConversationCore, change: GroupChange): Promise<GroupChanged> {
  const { changed } = await conversation.groupChanges.change(change, stepsOf(conversation))
  return changed
}

/** Completes the changes that a crash of this object or an outage of D1 left unfinished. */
export function resumeGroupChanges(conversation: ConversationCore): Promise<void> {
  return conversation.groupChanges.resume(stepsOf(conversation))
}

function stepsOf(conversation: ConversationCore): GroupChangeSteps<AppliedChange, Committed> {
  const { state, dispatch, recoveryAlarm, log, now } = conversation
  return {
    isPermanentError,
    open: (change) => open(conversation, change),
    settle(change) {
      const { members } = state
      const refusal = refusalOfChange(members, change)
      if (refusal) throw refusal
      const allAtOnce = change.everybodyLeaves && !members.group?.isRelayed
      return allAtOnce ? { ...change, leave: members.userIDs } : change
    },
    prepare(change) {
      if (!change.create) state.members.save()
      void recoveryAlarm.arm(now())
    },
    apply: (change) => applyGroupChange(conversation.db, change, memberCountAfter(state.members, change)),
    commit: (change, applied) => commit(conversation, change, applied),
    committed: ({ notices, moves }) => dispatch.deliverGroupChange(notices, moves),
    gaveUp: ({ operationID }, error) =>
      log.error('group change rejected: D1 refuses it permanently', error, { operationID }),
  }
}

async function open(conversation: ConversationCore, change: GroupChange): Promise<void> {
  await openGroup(conversation, change)
  // Every answer to a request is a change of the group, so no other answer can come between this check and D1.
  if (change.answer) await requirePendingRequest(conversation.db, change.groupID, change.answer.userID)
}

function commit(conversation: ConversationCore, change: GroupChange, applied: AppliedChange): Committed {
  const { state, config, conversationID, now } = conversation
  try {
    const committed = commitGroupChange(state, change, { applied, now: now(), config, conversationID })
    // The commit wrote member rows with statements of its own.
    state.reloadMembers()
    return withPending(conversation, change.callerUserID, committed)
  } catch (error) {
    state.reload()
    throw error
  }
}

/** Adds to the caller's notices the lowest seqs that are still in delivery to the caller, before these notices are. */
function withPending(
  { dispatch, conversationID }: ConversationCore,
  callerUserID: string,
  committed: Committed,
): Committed {
  const notices = committed.changed.notices.map((notice) => {
    const log = notice.conversationID === conversationID ? 'chat' : 'notification'
    const pendingFrom = dispatch.lowestPending(callerUserID, log)
    return pendingFrom === null ? notice : { ...notice, pendingFrom }
  })
  return { ...committed, changed: { ...committed.changed, notices } }
}
