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
  status: int32(),
  isRead: bool(),
  options: about(map(bool()), 'an absent option is true'),
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
  'the fields of the message that a webhook changed; absent when it changed nothing',
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
  '/msg/send_msg': answers('Sends a message in the name of a user or of a notification account.', sent),
  '/msg/batch_send_msg': answers('Sends one message to many users.', {
    results: list(
      named('BatchSendResult', { serverMsgID: str(), clientMsgID: str(), sendTime: ms(), recvID: str(), modify }),
    ),
    failedUserIDs: list(str()),
    queuedNum: about(
      int32(),
      'number of receivers that a queue job sends to; absent when there is no such job',
    ).optional(),
  }),
  '/msg/send_simple_msg': answers("Sends an answer to a message that a webhook reported, by the message's key.", sent),
  '/msg/send_business_notification': answers(
    "Sends a notification with the app's own data to the clients of a user or a group.",
    sent,
  ),
  '/msg/check_msg_is_send_success': answers('Returns whether a call with a given operationID has sent its message.', {
    status: int32(),
  }),
  '/msg/get_server_time': answers('Returns the time of the server.', { serverTime: ms() }),

  '/msg/newest_seq': answers("Returns the highest and lowest seq of each of a user's logs.", {
    maxSeqs: map(int64()),
    minSeqs: map(int64()),
  }),
  '/msg/pull_msg_by_seq': answers('Lists messages of a user by their seqs.', {
    msgs: map(PulledMessages),
    notificationMsgs: map(PulledMessages),
  }),
  '/msg/get_conversations_has_read_and_max_seq': answers(
    'Returns the highest seq and the read seq of each conversation.',
    {
      seqs: map(named('Seqs', { maxSeq: int64(), hasReadSeq: int64(), maxSeqTime: ms() })),
      pinnedConversationIDs: list(str()),
    },
  ),
  '/msg/search_msg': answers('Searches messages, newest first.', {
    chatLogs: list(named('FoundMessage', { chatLog: maybe(ChatLog), isRevoked: bool() })),
    chatLogsNum: int32(),
    continuation: about(str(), 'pass it to the next call to continue the search; absent at the end').optional(),
  }),

  '/msg/mark_msgs_as_read': does('Marks single messages as read.'),
  '/msg/mark_conversation_as_read': does('Marks a conversation as read, up to a seq.'),
  '/msg/set_conversation_has_read_seq': does('Sets the read seq of a conversation.'),
  '/msg/revoke_msg': does('Revokes a message for all participants.'),
  '/msg/delete_msgs': does('Deletes messages for one user.'),
  '/msg/delete_msg_phsical_by_seq': does('Erases messages by their seqs. The path has OpenIM’s spelling.'),
  '/msg/delete_msg_physical': does('Erases the messages that are older than a given time.'),
  '/msg/clear_conversation_msg': does('Deletes all messages of conversations for one user.'),
  '/msg/user_clear_all_msg': does('Deletes all messages of all conversations for one user.'),

  '/jssdk/get_active_conversations': answers(
    "Lists the caller's newest conversations, with everything that a conversation list shows.",
    listed,
  ),
  '/jssdk/get_conversations': answers(
    'Lists given conversations of the caller, with everything that a conversation list shows.',
    listed,
  ),
} satisfies Calls
