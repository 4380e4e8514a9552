import type { LogName, LogState } from '../../../contracts/messages.ts'
import type { SeqView } from '../../../contracts/user.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { isGroupConversation } from '../../../protocol/conversation-id.ts'
import { ensureConversation } from '../conversations/ensure-conversation.ts'
import { applyMention } from '../conversations/mentions.ts'
import { hideExpired } from '../conversations/self-destruct.ts'
import { logNameOf, newestReadableSeq, type SeqCursor } from '../state/seq-cursors.ts'
import type { UserCore } from '../user-core.ts'

/** Maximum number of conversations that are asked at the same time. */
const MAX_PARALLEL = 32

/** Asks the conversations with unread marks for their newest seqs, and clears the marks. */
async function refreshUnread(user: UserCore): Promise<void> {
  // Before this, a conversation may still skip deliveries: a message stored after its answer would be lost.
  await user.deliveryResumed
  const unread = user.cursors.unread()
  if (unread.length === 0) return
  const cursorsByHome = Map.groupBy(unread, (cursor) => cursor.home)
  await inParallel([...cursorsByHome], MAX_PARALLEL, ([home, cursors]) => refreshCursors(user, home, cursors))
}

/** Asks one conversation for the newest seqs of the given logs, and clears their unread marks. */
export async function refreshCursors(user: UserCore, home: string, cursors: SeqCursor[]): Promise<void> {
  const knownSeq = (log: LogName) => cursors.find((cursor) => logNameOf(cursor) === log)?.maxSeq ?? 0
  const state = await user
    .conversation(home)
    .state(user.userID, { chat: knownSeq('chat'), notification: knownSeq('notification') })
  for (const cursor of cursors) {
    const answer = state[logNameOf(cursor)]
    user.cursors.applyAnswer(cursor, { ...answer, isComplete: isComplete(user, cursor, answer) })
    // Repairs the state after a crash between storing a first message and creating the conversation in the sender's
    // list.
    if (logNameOf(cursor) === 'chat' && answer.maxSeq > 0 && state.about)
      ensureConversation(user, cursor.conversationID, state.about)
    if (logNameOf(cursor) === 'chat' && state.mention) applyMention(user, cursor.conversationID, state.mention)
    // While a device is online, deliveries report each new mention.
    if (user.devices.isOnline) user.mentionsKnown.add(cursor.conversationID)
  }
}

/**
 * Asks those of the given groups, or all groups for null, that may have a message that this object does not know of: it
 * may mention the owner, and the conversation list shows that. A group that fails is logged and asked again next time.
 */
export async function refreshMentions(user: UserCore, conversationIDs: readonly string[] | null): Promise<void> {
  await user.deliveryResumed
  const groups = cursorsOf(user, conversationIDs).filter(
    ({ conversationID, isUnread, relay }) =>
      isGroupConversation(conversationID) &&
      (isUnread || relay !== '') &&
      !(user.devices.isOnline && user.mentionsKnown.has(conversationID)),
  )
  await inParallel(groups, MAX_PARALLEL, async (cursor) => {
    try {
      await refreshCursors(user, cursor.home, [cursor])
    } catch (error) {
      user.log.error('refresh of a group failed', error, { conversationID: cursor.conversationID })
    }
  })
}

function cursorsOf(user: UserCore, conversationIDs: readonly string[] | null): SeqCursor[] {
  if (conversationIDs === null) return user.cursors.unread()
  return conversationIDs
    .filter(isGroupConversation)
    .map((id) => user.cursors.find(id))
    .filter((cursor) => cursor !== null)
}

/** Whether no newer message arrived during the call, and no message of the user's own is in flight. */
function isComplete(user: UserCore, cursor: SeqCursor, answer: LogState): boolean {
  return (
    !user.outbox.hasUnfinished(cursor.home) && user.reorderBuffer.highestSeq(cursor.conversationID) <= answer.maxSeq
  )
}

/** The newest readable seq of every log, chat and notification; empty logs are left out. */
export async function newestSeqs(user: UserCore): Promise<Record<string, number>> {
  await refreshUnread(user)
  await hideExpired(user)
  const newest = user.cursors.all().map((cursor) => [cursor.conversationID, newestReadableSeq(cursor)] as const)
  return Object.fromEntries(newest.filter(([, seq]) => seq > 0))
}

/** The given chat conversations on the list, or all of them for null, with the seqs that the owner sees. */
export async function seqViews(user: UserCore, conversationIDs: readonly string[] | null): Promise<SeqView[]> {
  await refreshUnread(user)
  await hideExpired(user)
  const wanted = conversationIDs === null ? null : new Set(conversationIDs)
  const cursors = user.cursors
    .all()
    .filter((cursor) => logNameOf(cursor) === 'chat' && (wanted === null || wanted.has(cursor.conversationID)))
  const listed = user.conversations.listed(cursors.map(({ conversationID }) => conversationID))
  return cursors
    .filter(({ conversationID }) => listed.has(conversationID))
    .map((cursor) => ({
      conversationID: cursor.conversationID,
      home: cursor.home,
      minSeq: cursor.minSeq,
      maxSeq: newestReadableSeq(cursor),
      maxSeqTime: cursor.maxSeqTime,
      hasReadSeq: Math.min(cursor.readSeq, newestReadableSeq(cursor)),
    }))
}

/** The home of every chat of the user, deleted conversations included. */
export function chatHomes(user: UserCore): string[] {
  return user.cursors
    .all()
    .filter((cursor) => logNameOf(cursor) === 'chat')
    .map((cursor) => cursor.home)
}
