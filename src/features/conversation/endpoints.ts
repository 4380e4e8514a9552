import { post } from '../../runtime/endpoint.ts'
import { deleteConversations } from './delete-conversations.ts'
import {
  getAllConversations,
  getConversation,
  getConversations,
  getNotNotifyConversationIDs,
  getOwnerConversation,
  getPinnedConversationIDs,
} from './list-conversations.ts'
import { getSortedConversationList } from './list-sorted-conversations.ts'
import {
  DeleteConversationsReq,
  GetAllConversationsReq,
  GetConversationReq,
  GetConversationsReq,
  GetFullConversationIDsReq,
  GetIncrementalConversationsReq,
  GetNotNotifyConversationIDsReq,
  GetOwnerConversationReq,
  GetPinnedConversationIDsReq,
  GetSortedConversationListReq,
  SetConversationsReq,
  UpdateConversationsByUserReq,
} from './schema.ts'
import { setConversations } from './set-conversations.ts'
import { getFullConversationIDs, getIncrementalConversations } from './sync-conversations.ts'
import { updateConversationsByUser } from './update-conversations-by-user.ts'

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
  post('/conversation/get_pinned_conversation_ids', 'token', GetPinnedConversationIDsReq, getPinnedConversationIDs),
  post('/conversation/get_sorted_conversation_list', 'token', GetSortedConversationListReq, getSortedConversationList),
  post('/conversation/set_conversations', 'token', SetConversationsReq, setConversations),
  post('/conversation/delete_conversations', 'token', DeleteConversationsReq, deleteConversations),
  post('/conversation/update_conversations_by_user', 'token', UpdateConversationsByUserReq, updateConversationsByUser),
]
