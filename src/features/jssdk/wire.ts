import type { ConversationMsg, GetActiveConversationsResp } from '../../protocol/proto/index.ts'
import { msgDataToJson } from '../message/wire.ts'

/** The list in JSON: fields that a conversation does not have are null instead of absent. */
export function conversationsToJson({ unreadCount, conversations }: GetActiveConversationsResp): object {
  return { unreadCount, conversations: conversations.map(conversationToJson) }
}

function conversationToJson(given: ConversationMsg): object {
  return {
    conversation: given.conversation ?? null,
    lastMsg: given.lastMsg ? msgDataToJson(given.lastMsg) : null,
    user: given.user ?? null,
    friend: given.friend ?? null,
    group: given.group ?? null,
    maxSeq: given.maxSeq,
    readSeq: given.readSeq,
  }
}
