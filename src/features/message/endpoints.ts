import { post, type Quirks, withQuirks, withSendStatus } from '../../runtime/endpoint.ts'
import { getServerTime } from './get-server-time.ts'
import { getConversationsHasReadAndMaxSeq, getNewestSeq } from './history/get-seqs.ts'
import { pullMsgBySeq } from './history/pull-messages.ts'
import { searchMsg } from './history/search-messages.ts'
import {
  BatchSendMsgReq,
  CheckMsgIsSendSuccessReq,
  GetConversationsHasReadAndMaxSeqReq,
  GetServerTimeReq,
  ManagerSendMsgReq,
  NewestSeqReq,
  PullMsgBySeqReq,
  SearchMsgReq,
  SendBusinessNotificationReq,
  SendMsgReq,
  SendSimpleMsgReq,
} from './schema.ts'
import { batchSendMsg } from './send/batch-send-msg.ts'
import { managerSendMsg } from './send/manager-send-msg.ts'
import { sendBusinessNotification } from './send/send-business-notification.ts'
import { restSendTarget, sendMsg } from './send/send-msg.ts'
import { sendSimpleMsg } from './send/send-simple-msg.ts'
import { checkMsgIsSendSuccess } from './send/send-status.ts'

/** OpenIM: these calls answer an invalid body with the HTTP status 400, other calls with 200. */
const ownStatus: Quirks = { badBodyStatus: 400 }

/** Calls to send, pull and search messages. Calls to read, revoke and delete them are in `state/endpoints.ts`. */
export const messageEndpoints = [
  withQuirks(withSendStatus(post('/msg/send_msg', 'admin', SendMsgReq, sendMsg), restSendTarget), ownStatus),
  withQuirks(post('/msg/batch_send_msg', 'admin', BatchSendMsgReq, batchSendMsg), ownStatus),
  withQuirks(
    post('/msg/send_business_notification', 'admin', SendBusinessNotificationReq, sendBusinessNotification),
    ownStatus,
  ),
  withQuirks(post('/msg/send_simple_msg', 'token', SendSimpleMsgReq, sendSimpleMsg), { ...ownStatus, query: ['key'] }),
  withQuirks(post('/manager/send_msg', 'admin', ManagerSendMsgReq, managerSendMsg), { operationIDInBody: true }),
  post('/msg/check_msg_is_send_success', 'token', CheckMsgIsSendSuccessReq, checkMsgIsSendSuccess),
  post('/msg/get_server_time', 'token', GetServerTimeReq, getServerTime),
  post('/msg/newest_seq', 'token', NewestSeqReq, getNewestSeq),
  post('/msg/pull_msg_by_seq', 'token', PullMsgBySeqReq, pullMsgBySeq),
  post(
    '/msg/get_conversations_has_read_and_max_seq',
    'token',
    GetConversationsHasReadAndMaxSeqReq,
    getConversationsHasReadAndMaxSeq,
  ),
  post('/msg/search_msg', 'admin', SearchMsgReq, searchMsg),
]
