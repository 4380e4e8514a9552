import type { AppendItem, AppendResult } from '../../../contracts/messages.ts'
import { refusalOf } from '../../../contracts/outcome.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { openConversation } from '../members/open-conversation.ts'
import { appendBatch } from './append-batch.ts'
import { countAppends } from './count-appends.ts'

/**
 * Appends messages in order. Only the first batch of a conversation waits, for the load of the members from D1.
 * @returns one result per message
 */
export function append(
  conversation: ConversationCore,
  items: readonly AppendItem[],
): AppendResult[] | Promise<AppendResult[]> {
  return conversation.state.members.kind ? appendNow(conversation, items) : openAndAppend(conversation, items)
}

async function openAndAppend(conversation: ConversationCore, items: readonly AppendItem[]): Promise<AppendResult[]> {
  const [first] = items
  // A batch that is refused meanwhile drops the loaded members, so this loop loads them until they are in memory.
  while (first && !conversation.state.members.kind) {
    const refusal = await openConversation(conversation, first)
    if (!refusal) continue
    const refused = items.map((): AppendResult => ({ ok: false, refusal: refusalOf(refusal) }))
    return countAppends(items, refused)
  }
  return appendNow(conversation, items)
}

function appendNow(conversation: ConversationCore, items: readonly AppendItem[]): AppendResult[] {
  return countAppends(items, appendBatch(conversation, items))
}
