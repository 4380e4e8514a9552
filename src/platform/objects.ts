import type { Bindings } from '../env.ts'
import { type ConversationRpc, clientOf, type RelayRpc, type UserRpc } from './rpc.ts'

/** The object of one user, by userID. */
export function userObject(env: Bindings, userID: string): UserRpc {
  return clientOf<UserRpc>(() => env.USER.getByName(userID))
}

/** The object that keeps a chat conversation and its notification twin, by the chat conversation's ID. */
export function conversationObject(env: Bindings, conversationID: string): ConversationRpc {
  return clientOf<ConversationRpc>(() => env.CONVERSATION.getByName(conversationID))
}

/** One relay of a large group, by its name: the group's conversationID, a slash and the number of the shard. */
export function relayObject(env: Bindings, name: string): RelayRpc {
  return clientOf<RelayRpc>(() => env.RELAY.getByName(name))
}
