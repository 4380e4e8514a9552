/*
 * OpenIM's protobuf messages under their OpenIM names. Each name is a plain object type and, as a value, its codec
 * ({encode, decode, create, fromPartial}). Decode bytes from a client with `decodePayload`.
 */
export { type Codec, decodePayload } from './decode.ts'
export * from './generated/conversation.ts'
export * from './generated/entities.ts'
// OpenIM: GetConversationsReq and GetConversationsResp exist twice; the other pair is in conversation.proto.
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
