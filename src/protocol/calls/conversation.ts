import {
  about,
  answers,
  bool,
  type Calls,
  does,
  int32,
  int64,
  list,
  maybe,
  ms,
  named,
  str,
  uint32,
  uint64,
} from './shape.ts'

const NO_BOUND = '0 means no bound'

export const Conversation = named('Conversation', {
  ownerUserID: str(),
  conversationID: str(),
  recvMsgOpt: int32(),
  conversationType: int32(),
  userID: str(),
  groupID: str(),
  isPinned: bool(),
  attachedInfo: str(),
  isPrivateChat: bool(),
  groupAtType: int32(),
  ex: str(),
  burnDuration: about(int32(), 'seconds'),
  minSeq: about(int64(), NO_BOUND),
  maxSeq: about(int64(), NO_BOUND),
  msgDestructTime: about(int64(), 'seconds'),
  latestMsgDestructTime: ms(),
  isMsgDestruct: bool(),
})

const SortedConversation = named('SortedConversation', {
  conversationID: str(),
  recvMsgOpt: int32(),
  unreadCount: int64(),
  IsPinned: bool(),
  msgInfo: maybe(
    named('SortedConversationMessage', {
      serverMsgID: str(),
      clientMsgID: str(),
      sessionType: int32(),
      sendID: str(),
      recvID: str(),
      senderName: str(),
      faceURL: str(),
      groupID: str(),
      groupName: str(),
      groupFaceURL: str(),
      groupType: int32(),
      groupMemberCount: uint32(),
      LatestMsgRecvTime: ms(),
      msgFrom: int32(),
      contentType: int32(),
      content: str(),
      ex: str(),
    }),
  ),
})

const version = { version: uint64(), versionID: str() }
const conversations = { conversations: list(Conversation) }
const ids = { conversationIDs: list(str()) }

export const conversationCalls = {
  '/conversation/get_conversation': answers('Returns one conversation of a user.', {
    conversation: maybe(Conversation),
  }),
  '/conversation/get_conversations': answers(
    'Lists conversations by ID; unknown conversations are left out.',
    conversations,
  ),
  '/conversation/get_all_conversations': answers('Lists all conversations of a user.', conversations),
  '/conversation/get_owner_conversation': answers("Lists one page of a user's conversations.", {
    total: int64(),
    ...conversations,
  }),
  '/conversation/get_sorted_conversation_list': answers(
    'Lists one page of conversations with their newest message, pinned conversations first.',
    {
      conversationTotal: int64(),
      unreadTotal: int64(),
      conversationElems: list(SortedConversation),
    },
  ),
  '/conversation/get_incremental_conversations': answers(
    "Lists the changes of a user's list of conversations since a version.",
    {
      ...version,
      full: bool(),
      delete: list(str()),
      insert: list(Conversation),
      update: list(Conversation),
    },
  ),
  '/conversation/get_full_conversation_ids': answers(
    'Lists the IDs of all conversations, unless the hash shows that the client has them.',
    {
      ...version,
      equal: bool(),
      ...ids,
    },
  ),
  '/conversation/get_not_notify_conversation_ids': answers(
    'Lists the conversations whose messages the user receives without push.',
    ids,
  ),
  '/conversation/get_pinned_conversation_ids': answers('Lists the conversations that the user has pinned.', ids),
  '/conversation/set_conversations': does('Changes the settings of a conversation for one or more users.'),
  '/conversation/delete_conversations': does("Removes conversations from a user's list."),
  '/conversation/update_conversations_by_user': does('Sets `ex` of every conversation with a given user.'),
} satisfies Calls
