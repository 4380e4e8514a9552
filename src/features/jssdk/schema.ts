import { z } from 'zod'
import { int64, list, message, str } from '../../runtime/openim-json.ts'

/** OpenIM: `ownerUserID` is ignored; the owner is always the caller. */
export const GetActiveConversationsReq = message({ ownerUserID: str(), count: int64() })
export const GetJsSdkConversationsReq = message({
  ownerUserID: str(),
  conversationIDs: list(z.string()).pipe(z.array(z.string()).max(1000)),
})
