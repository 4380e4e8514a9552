import { z } from 'zod'
import { hash64, list, message, pagination, str, uint64 } from '../../platform/wire.ts'

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
