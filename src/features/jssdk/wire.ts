import type { ConversationMsg, GetActiveConversationsResp } from '../../protocol/proto/index.ts'
import { msgDataOnWire } from '../message/history/pull-messages.ts'

/** The list in JSON: what a conversation does not have stays there as null. */
export function conversationsToJson({ unreadCount, conversations }: GetActiveConversationsResp): object {
  return { unreadCount, conversations: conversations.map(conversationToJson) }
}

function conversationToJson(given: ConversationMsg): object {
  return {
    conversation: given.conversation ?? null,
    lastMsg: given.lastMsg ? msgDataOnWire(given.lastMsg) : null,
    user: given.user ?? null,
    friend: given.friend ?? null,
    group: given.group ?? null,
    maxSeq: given.maxSeq,
    readSeq: given.readSeq,
  }
}
