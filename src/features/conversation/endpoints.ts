import { post } from '../../platform/endpoint.ts'
import {
  getAllConversations,
  getConversation,
  getConversations,
  getNotNotifyConversationIDs,
  getOwnerConversation,
} from './list-conversations.ts'
import {
  GetAllConversationsReq,
  GetConversationReq,
  GetConversationsReq,
  GetFullConversationIDsReq,
  GetIncrementalConversationsReq,
  GetNotNotifyConversationIDsReq,
  GetOwnerConversationReq,
} from './schema.ts'
import { getFullConversationIDs, getIncrementalConversations } from './sync-conversations.ts'

export const conversationEndpoints = [
  post('/conversation/get_conversation', 'token', GetConversationReq, getConversation),
  post('/conversation/get_conversations', 'token', GetConversationsReq, getConversations),
  post('/conversation/get_all_conversations', 'token', GetAllConversationsReq, getAllConversations),
  post('/conversation/get_owner_conversation', 'token', GetOwnerConversationReq, getOwnerConversation),
  post(
    '/conversation/get_incremental_conversations',
    'token',
    GetIncrementalConversationsReq,
    getIncrementalConversations,
  ),
  post('/conversation/get_full_conversation_ids', 'token', GetFullConversationIDsReq, getFullConversationIDs),
  post(
    '/conversation/get_not_notify_conversation_ids',
    'token',
    GetNotNotifyConversationIDsReq,
    getNotNotifyConversationIDs,
  ),
]
