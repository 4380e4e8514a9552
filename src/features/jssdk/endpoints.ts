import {
  GetActiveConversationsReq as ActiveReq,
  GetActiveConversationsResp as ActiveResp,
  JssdkGetConversationsReq as ConversationsReq,
  JssdkGetConversationsResp as ConversationsResp,
  decodePayload,
} from '../../protocol/proto/index.ts'
import { post } from '../../runtime/endpoint.ts'
import { getActiveConversations, getJsSdkConversations } from './get-conversations.ts'
import { GetActiveConversationsReq, GetJsSdkConversationsReq } from './schema.ts'
import { conversationsToJson } from './wire.ts'

export const jssdkEndpoints = [
  post('/jssdk/get_active_conversations', 'token', GetActiveConversationsReq, getActiveConversations, {
    decode: (bytes) => decodePayload(ActiveReq, bytes),
    encode: (response) => ActiveResp.encode(response).finish(),
    toJson: conversationsToJson,
  }),
  post('/jssdk/get_conversations', 'token', GetJsSdkConversationsReq, getJsSdkConversations, {
    decode: (bytes) => decodePayload(ConversationsReq, bytes),
    encode: (response) => ConversationsResp.encode(response).finish(),
    toJson: conversationsToJson,
  }),
]
