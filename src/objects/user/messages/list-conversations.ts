import type { ConversationRow, Delta } from '../../../contracts/user.ts'
import { isSingleConversation } from '../../../protocol/conversation-id.ts'
import { hideExpired } from '../conversations/self-destruct.ts'
import type { UserCore } from '../user-core.ts'
import { refreshMentions, seqViews } from './sync.ts'

/*
 * The reads of the conversation list. A row shows whether a message mentions the owner, so each read first asks the
 * groups with messages that this object does not know of. It also
 * shows where the readable messages begin, so that self-destructing messages whose time is over are hidden first.
 */

export async function listConversations(
  user: UserCore,
  conversationIDs: readonly string[] | null,
): Promise<ConversationRow[]> {
  await refreshMentions(user, conversationIDs)
  await hideExpired(user)
  return user.conversations.list(conversationIDs)
}

export async function conversationPage(
  user: UserCore,
  pageNumber: number,
  showNumber: number,
): Promise<{ total: number; rows: ConversationRow[] }> {
  await refreshMentions(user, null)
  await hideExpired(user)
  return user.conversations.page(pageNumber, showNumber)
}

export async function conversationDelta(
  user: UserCore,
  asked: { versionID: string; version: number },
): Promise<{ delta: Delta; rows: ConversationRow[] }> {
  await refreshMentions(user, null)
  await hideExpired(user)
  return user.conversations.delta(asked)
}

/** The other users of the newest `limit` one-to-one chats, newest first. */
export async function recentPeers(user: UserCore, limit: number): Promise<string[]> {
  const views = (await seqViews(user, null)).filter(({ conversationID }) => isSingleConversation(conversationID))
  const newest = views.sort((a, b) => b.maxSeqTime - a.maxSeqTime).slice(0, limit)
  const rows = user.conversations.list(newest.map(({ conversationID }) => conversationID))
  return rows.map((row) => row.userID).filter((peerUserID) => peerUserID !== user.userID)
}
