/*
 * OpenIM's protobuf messages by their OpenIM names: each name is a plain object type and, as a value, its codec
 * ({encode, decode, create, fromPartial}). Bytes from a client go through `decodePayload`.
 */
export { type Codec, decodePayload } from './decode.ts'
export * from './generated/conversation.ts'
export * from './generated/entities.ts'
// OpenIM has two pairs of this name; the other one is conversation's.
export {
  ConversationMsg,
  GetActiveConversationsReq,
  GetActiveConversationsResp,
  GetConversationsReq as JssdkGetConversationsReq,
  GetConversationsResp as JssdkGetConversationsResp,
} from './generated/jssdk.ts'
export * from './generated/msg.ts'
export * from './generated/push.ts'
export * from './generated/relation.ts'
export * from './generated/sdkws.ts'
export * from './generated/tips.ts'
