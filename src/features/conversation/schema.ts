import { z } from 'zod'
import { hash64, int32, int64, list, message, optional, pagination, str, uint64 } from '../../platform/wire.ts'

export const GetConversationReq = message({ ownerUserID: z.string().min(1), conversationID: z.string().min(1) })
export const GetConversationsReq = message({ ownerUserID: z.string().min(1), conversationIDs: list(z.string()) })
export const GetAllConversationsReq = message({ ownerUserID: z.string().min(1) })
export const GetOwnerConversationReq = message({ userID: z.string().min(1), pagination: pagination() })
export const GetIncrementalConversationsReq = message({
  userID: z.string().min(1),
  versionID: str(),
  version: uint64(),
})
export const GetFullConversationIDsReq = message({ userID: z.string().min(1), idHash: hash64() })
export const GetNotNotifyConversationIDsReq = message({ userID: z.string().min(1) })
export const GetPinnedConversationIDsReq = message({ userID: z.string().min(1) })
export const GetSortedConversationListReq = message({
  userID: z.string().min(1),
  conversationIDs: list(z.string()),
  pagination: pagination(),
})
export const DeleteConversationsReq = message({
  ownerUserID: z.string().min(1),
  needDeleteTime: int64(),
  conversationIDs: list(z.string()),
})
export const UpdateConversationsByUserReq = message({ userID: z.string().min(1), ex: optional(z.string()) })

/** More owners than this in one call are an app that should page. */
const MAX_OWNERS = 1_000
const MAX_EX = 8_192

const seconds = () => optional(z.int().min(0))

export const SetConversationsReq = message({
  userIDs: list(z.string().min(1)).pipe(z.array(z.string()).min(1).max(MAX_OWNERS)),
  conversation: message({
    conversationID: z.string().min(1),
    conversationType: int32().pipe(z.int().min(1, { error: 'a conversation has a type' })),
    userID: str(),
    groupID: str(),
    recvMsgOpt: optional(z.int().min(0).max(2)),
    isPinned: optional(z.boolean()),
    attachedInfo: optional(z.string().max(MAX_EX)),
    isPrivateChat: optional(z.boolean()),
    ex: optional(z.string().max(MAX_EX)),
    burnDuration: seconds(),
    groupAtType: optional(z.int().min(0).max(4)),
    msgDestructTime: seconds(),
    isMsgDestruct: optional(z.boolean()),
  }),
})
