import type { LogName, LogState } from '../../../contracts/messages.ts'
import type { SeqView } from '../../../contracts/user.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { ensureConversation } from '../conversations/begin-conversation.ts'
import { type LogCursor, newestOf } from '../state/log-cursors.ts'
import type { UserCore } from '../user-core.ts'

/** How many conversations are asked at the same time. */
const MAX_PARALLEL = 32

/** Asks the conversations that have news where they stand, and lifts their marks. */
async function settleNews(user: UserCore): Promise<void> {
  // A message that passes the user by after the question would be in no answer.
  await user.deliveryResumed
  const dirty = user.cursors.unread()
  if (dirty.length === 0) return
  const byHome = Map.groupBy(dirty, (mark) => mark.home)
  await inParallel([...byHome], MAX_PARALLEL, ([home, marks]) => refreshCursors(user, home, marks))
}

/** Asks one conversation where the given logs stand, and lifts their marks. */
export async function refreshCursors(user: UserCore, home: string, marks: LogCursor[]): Promise<void> {
  const known = (log: LogName) => marks.find((mark) => logOf(mark) === log)?.maxSeq ?? 0
  const state = await user
    .conversation(home)
    .state(user.userID, { chat: known('chat'), notification: known('notification') })
  for (const mark of marks) {
    const answered = state[logOf(mark)]
    user.cursors.applyAnswer(mark, { ...answered, settled: isSettled(user, mark, answered) })
    // A crash between storing the first message and creating the sender's row is made good here.
    if (logOf(mark) === 'chat' && answered.maxSeq > 0 && state.about)
      ensureConversation(user, mark.conversationID, state.about)
  }
}

/** While the question was under way a message may have come in, or one of ours may be about to be stored. */
function isSettled(user: UserCore, mark: LogCursor, answered: LogState): boolean {
  return !user.outbox.busy(mark.home) && user.reorderBuffer.highestSeq(mark.conversationID) <= answered.maxSeq
}

/** Max seqs of every log, chat and notification, zeros left out; of a group that the user has left, as of then. */
export async function newestSeqs(user: UserCore): Promise<Record<string, number>> {
  await settleNews(user)
  const newest = user.cursors.all().map((mark) => [mark.conversationID, newestOf(mark)] as const)
  return Object.fromEntries(newest.filter(([, seq]) => seq > 0))
}

/** The chat conversations with their seqs as the owner sees them; null = all. */
export async function seqViews(user: UserCore, conversationIDs: readonly string[] | null): Promise<SeqView[]> {
  await settleNews(user)
  const wanted = conversationIDs === null ? null : new Set(conversationIDs)
  const marks = user.cursors
    .all()
    .filter((mark) => logOf(mark) === 'chat' && (wanted === null || wanted.has(mark.conversationID)))
  const listed = user.conversations.listed(marks.map(({ conversationID }) => conversationID))
  return marks
    .filter(({ conversationID }) => listed.has(conversationID))
    .map((mark) => ({
      conversationID: mark.conversationID,
      home: mark.home,
      minSeq: mark.minSeq,
      maxSeq: newestOf(mark),
      maxSeqTime: mark.maxSeqTime,
      hasReadSeq: Math.min(mark.readSeq, newestOf(mark)),
    }))
}

/** Names of the objects that keep the user's chats. */
export function homesOf(user: UserCore): string[] {
  return user.cursors
    .all()
    .filter((mark) => logOf(mark) === 'chat')
    .map((mark) => mark.home)
}

export function logOf(mark: Pick<LogCursor, 'conversationID'>): LogName {
  return isNotificationConversation(mark.conversationID) ? 'notification' : 'chat'
}
