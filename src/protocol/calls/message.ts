import { z } from 'zod'
import { Conversation } from './conversation.ts'
import { GroupInfo } from './group.ts'
import {
  about,
  answers,
  base64,
  bool,
  type Calls,
  does,
  int32,
  int64,
  list,
  map,
  maybe,
  ms,
  named,
  seconds,
  str,
  uint32,
} from './shape.ts'
import { UserInfo } from './user.ts'

const MsgData = named('MsgData', {
  sendID: str(),
  recvID: str(),
  groupID: str(),
  clientMsgID: str(),
  serverMsgID: str(),
  senderPlatformID: int32(),
  senderNickname: str(),
  senderFaceURL: str(),
  sessionType: int32(),
  msgFrom: int32(),
  contentType: int32(),
  content: about(base64(), 'the text of the content, in base64'),
  seq: int64(),
  sendTime: ms(),
  createTime: ms(),
  status: about(int32(), '1 sending, 2 sent, 3 failed, 4 deleted'),
  isRead: bool(),
  options: about(map(bool()), 'what is absent is true'),
  offlinePushInfo: maybe(
    named('OfflinePushInfo', {
      title: str(),
      desc: str(),
      ex: str(),
      iOSPushSound: str(),
      iOSBadgeCount: bool(),
      signalInfo: str(),
    }),
  ),
  atUserIDList: list(str()),
  attachedInfo: str(),
  ex: str(),
})

const PulledMessages = named('PulledMessages', { Msgs: list(MsgData), isEnd: bool(), endSeq: int64() })

const modify = about(
  z.record(z.string(), z.unknown()),
  'what a webhook changed of the message; absent when it changed nothing',
).optional()

const sent = { serverMsgID: str(), clientMsgID: str(), sendTime: ms(), modify }

const ChatLog = named('ChatLog', {
  serverMsgID: str(),
  clientMsgID: str(),
  sendID: str(),
  recvID: str(),
  groupID: str(),
  recvNickname: str(),
  senderPlatformID: int32(),
  senderNickname: str(),
  senderFaceURL: str(),
  groupName: str(),
  sessionType: int32(),
  msgFrom: int32(),
  contentType: int32(),
  content: str(),
  status: int32(),
  sendTime: ms(),
  createTime: ms(),
  ex: str(),
  groupFaceURL: str(),
  groupMemberCount: uint32(),
  seq: int64(),
  groupOwner: str(),
  groupType: int32(),
})

const ConversationWithMessage = named('ConversationWithMessage', {
  conversation: maybe(Conversation),
  lastMsg: maybe(MsgData),
  user: maybe(UserInfo),
  friend: maybe(
    named('Friendship', {
      ownerUserID: str(),
      friendUserID: str(),
      remark: str(),
      createTime: seconds(),
      addSource: int32(),
      operatorUserID: str(),
      ex: str(),
      isPinned: bool(),
    }),
  ),
  group: maybe(GroupInfo),
  maxSeq: int64(),
  readSeq: int64(),
})

const listed = { unreadCount: int64(), conversations: list(ConversationWithMessage) }

export const messageCalls = {
  '/msg/send_msg': answers('Sends a message for a user or an account of the app.', sent),
  '/msg/batch_send_msg': answers('Sends one message to many users.', {
    results: list(
      named('BatchSendResult', { serverMsgID: str(), clientMsgID: str(), sendTime: ms(), recvID: str(), modify }),
    ),
    failedUserIDs: list(str()),
    queuedNum: about(int32(), 'how many receivers are served by queue; absent when none').optional(),
  }),
  '/msg/send_simple_msg': answers('Answers a message that a webhook told of, by its key.', sent),
  '/msg/send_business_notification': answers('Sends data of the app to the clients of a user or a group.', sent),
  '/msg/check_msg_is_send_success': answers('What became of a call that sent, by its operationID.', {
    status: about(int32(), '0 unknown, 2 sent'),
  }),
  '/msg/get_server_time': answers('The clock of the service.', { serverTime: ms() }),

  '/msg/newest_seq': answers('How far each log of a user reaches.', { maxSeqs: map(int64()), minSeqs: map(int64()) }),
  '/msg/pull_msg_by_seq': answers('Messages of a user by their seqs.', {
    msgs: map(PulledMessages),
    notificationMsgs: map(PulledMessages),
  }),
  '/msg/get_conversations_has_read_and_max_seq': answers('How far each conversation reaches, and how far it is read.', {
    seqs: map(named('Seqs', { maxSeq: int64(), hasReadSeq: int64(), maxSeqTime: ms() })),
    pinnedConversationIDs: list(str()),
  }),
  '/msg/search_msg': answers('Searches messages, newest first.', {
    chatLogs: list(named('FoundMessage', { chatLog: maybe(ChatLog), isRevoked: bool() })),
    chatLogsNum: int32(),
    continuation: about(str(), 'give it to the next call to search on; absent at the end').optional(),
  }),

  '/msg/mark_msgs_as_read': does('Marks single messages as read.'),
  '/msg/mark_conversation_as_read': does('Marks a conversation as read, up to a seq.'),
  '/msg/set_conversation_has_read_seq': does('Sets how far a conversation is read.'),
  '/msg/revoke_msg': does('Takes a message back, for everybody.'),
  '/msg/delete_msgs': does('Hides messages from one user.'),
  '/msg/delete_msg_phsical_by_seq': does('Erases messages by their seqs; spelt like this.'),
  '/msg/delete_msg_physical': does('Erases what is older than a moment.'),
  '/msg/clear_conversation_msg': does('Clears conversations for one user.'),
  '/msg/user_clear_all_msg': does('Clears all conversations of a user.'),

  '/jssdk/get_active_conversations': answers(
    'The newest conversations of the caller, with all that a list shows.',
    listed,
  ),
  '/jssdk/get_conversations': answers('Given conversations of the caller, with all that a list shows.', listed),
} satisfies Calls
