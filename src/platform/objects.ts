import type { Bindings } from '../env.ts'
import { ImError } from '../protocol/errors.ts'
import { type ConversationRpc, clientOf, type MetricsRpc, type RelayRpc, type UserRpc } from './rpc.ts'

/** An object knows its own name up to 1,024 bytes; a letter takes three of them at most. */
const MAX_NAME = 340

/** @throws ImError 1001 for an ID that nobody can have */
function requireName(name: string): void {
  if (name.length > MAX_NAME) throw ImError.args(`an ID has at most ${MAX_NAME} characters: ${name.slice(0, 40)}…`)
}

/** The object of one user, by userID. */
export function userObject(env: Bindings, userID: string): UserRpc {
  requireName(userID)
  return clientOf<UserRpc>(() => env.USER.getByName(userID))
}

/** The object that keeps a chat conversation and its notification twin, by the chat conversation's ID. */
export function conversationObject(env: Bindings, conversationID: string): ConversationRpc {
  requireName(conversationID)
  return clientOf<ConversationRpc>(() => env.CONVERSATION.getByName(conversationID))
}

/** One relay of a large group, by its name: the group's conversationID, a slash and the number of the shard. */
export function relayObject(env: Bindings, name: string): RelayRpc {
  return clientOf<RelayRpc>(() => env.RELAY.getByName(name))
}

/** The one object that adds up what is counted. */
export function metricsObject(env: Bindings): MetricsRpc {
  return clientOf<MetricsRpc>(() => env.METRICS.getByName('metrics'))
}
