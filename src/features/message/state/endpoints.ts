import { post } from '../../../runtime/endpoint.ts'
import { clearAllConversations, clearConversations } from './clear-conversations.ts'
import { deleteMessages, deleteMessagesPhysically, deleteOldMessagesPhysically } from './delete-messages.ts'
import {
  getGroupMessageReaders,
  markConversationAsRead,
  markMsgsAsRead,
  setConversationHasReadSeq,
} from './mark-read.ts'
import { revokeMessage } from './revoke-message.ts'
import {
  ClearConversationMsgReq,
  DeleteMsgPhysicalBySeqReq,
  DeleteMsgPhysicalReq,
  DeleteMsgsReq,
  GetGroupMessageReadersReq,
  MarkConversationAsReadReq,
  MarkMsgsAsReadReq,
  RevokeMsgReq,
  SetConversationHasReadSeqReq,
  SetUserConversationMaxSeqReq,
  SetUserConversationMinSeqReq,
  UserClearAllMsgReq,
} from './schema.ts'
import { setUserConversationMaxSeq, setUserConversationMinSeq } from './set-seq-bounds.ts'

/** Calls that change the state of stored messages: read, revoke, delete, clear. */
export const messageStateEndpoints = [
  post('/msg/mark_msgs_as_read', 'token', MarkMsgsAsReadReq, markMsgsAsRead),
  post('/msg/mark_conversation_as_read', 'token', MarkConversationAsReadReq, markConversationAsRead),
  post('/msg/set_conversation_has_read_seq', 'token', SetConversationHasReadSeqReq, setConversationHasReadSeq),
  post('/msg/set_user_conversation_min_seq', 'admin', SetUserConversationMinSeqReq, setUserConversationMinSeq),
  post('/msg/set_user_conversation_max_seq', 'admin', SetUserConversationMaxSeqReq, setUserConversationMaxSeq),
  post('/msg/get_group_message_readers', 'token', GetGroupMessageReadersReq, getGroupMessageReaders),
  post('/msg/revoke_msg', 'token', RevokeMsgReq, revokeMessage),
  post('/msg/delete_msgs', 'token', DeleteMsgsReq, deleteMessages),
  // OpenIM: the path is spelled `phsical`.
  post('/msg/delete_msg_phsical_by_seq', 'admin', DeleteMsgPhysicalBySeqReq, deleteMessagesPhysically),
  post('/msg/delete_msg_physical', 'admin', DeleteMsgPhysicalReq, deleteOldMessagesPhysically),
  post('/msg/clear_conversation_msg', 'token', ClearConversationMsgReq, clearConversations),
  post('/msg/user_clear_all_msg', 'token', UserClearAllMsgReq, clearAllConversations),
]
