import { z } from 'zod'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { hash64, int32, int64, list, message, optional, pagination, str, uint64 } from '../../runtime/openim-json.ts'

const MAX_ID = 255
const MAX_EX = 8_192
/** OpenIM's values of `groupAtType` are 0 to 4. */
const MAX_GROUP_AT_TYPE = 4
/** The most conversations that one call may name. */
const MAX_CONVERSATIONS = 10_000
/** The most owners of one call. An app server with more owners makes several calls. */
const MAX_OWNERS = 1_000

const id = () => z.string().min(1).max(MAX_ID)
const maybeID = () => str().pipe(z.string().max(MAX_ID))
const ids = () => list(z.string()).pipe(z.array(z.string()).max(MAX_CONVERSATIONS))

export const GetConversationReq = message({ ownerUserID: id(), conversationID: id() })
export const GetConversationsReq = message({
  ownerUserID: id(),
  conversationIDs: z.array(z.string()).max(MAX_CONVERSATIONS),
})
export const GetAllConversationsReq = message({ ownerUserID: id() })
export const GetOwnerConversationReq = message({ userID: id(), pagination: pagination() })
export const GetIncrementalConversationsReq = message({
  userID: id(),
  versionID: str(),
  version: uint64(),
})
export const GetFullConversationIDsReq = message({ userID: id(), idHash: hash64() })
export const GetNotNotifyConversationIDsReq = message({ userID: id() })
export const GetPinnedConversationIDsReq = message({ userID: id() })
export const GetSortedConversationListReq = message({
  userID: id(),
  conversationIDs: ids(),
  pagination: pagination(),
})
export const DeleteConversationsReq = message({
  ownerUserID: id(),
  needDeleteTime: int64(),
  conversationIDs: ids(),
})
export const UpdateConversationsByUserReq = message({ userID: id(), ex: optional(z.string().max(MAX_EX)) })

const conversationType = z.union(
  [z.literal(SessionType.Single), z.literal(SessionType.Group), z.literal(SessionType.Notification)],
  { error: 'conversationType is 1 (a user), 3 (a group) or 4 (a notification account)' },
)
const seconds = () => optional(z.int().min(0))

export const SetConversationsReq = message({
  userIDs: list(id()).pipe(z.array(z.string()).min(1).max(MAX_OWNERS)),
  conversation: message(
    {
      conversationID: id(),
      conversationType: int32().pipe(conversationType),
      userID: maybeID(),
      groupID: maybeID(),
      recvMsgOpt: optional(z.int().min(ReceiveOption.Notify).max(ReceiveOption.Silent)),
      isPinned: optional(z.boolean()),
      attachedInfo: optional(z.string().max(MAX_EX)),
      isPrivateChat: optional(z.boolean()),
      ex: optional(z.string().max(MAX_EX)),
      burnDuration: seconds(),
      groupAtType: optional(z.int().min(0).max(MAX_GROUP_AT_TYPE)),
      msgDestructTime: seconds(),
      isMsgDestruct: optional(z.boolean()),
    },
    // Fields of OpenIM's request that only the service sets.
    ['minSeq', 'maxSeq'],
  ),
})
