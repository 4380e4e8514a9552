import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { MetricsRpc } from '../../contracts/metrics.ts'
import type { RelayRpc } from '../../contracts/relay.ts'
import type { UserRpc } from '../../contracts/user.ts'
import type { Bindings } from '../../env.ts'
import { ImError } from '../../protocol/errors.ts'
import { createObjectClient } from './object-client.ts'

/** An object knows its own name up to 1,024 bytes; a letter takes three of them at most. */
const MAX_NAME = 340

/** @throws ImError 1001 for an ID that nobody can have */
function requireName(name: string): void {
  if (name.length > MAX_NAME) throw ImError.args(`an ID has at most ${MAX_NAME} characters: ${name.slice(0, 40)}…`)
}

/** The object of one user, by userID. */
export function userObject(env: Bindings, userID: string, frequent: (keyof UserRpc)[] = []): UserRpc {
  requireName(userID)
  return createObjectClient<UserRpc>(() => env.USER.getByName(userID), frequent)
}

/** The object that keeps a chat conversation and its notification twin, by the chat conversation's ID. */
export function conversationObject(
  env: Bindings,
  conversationID: string,
  frequent: (keyof ConversationRpc)[] = [],
): ConversationRpc {
  requireName(conversationID)
  return createObjectClient<ConversationRpc>(() => env.CONVERSATION.getByName(conversationID), frequent)
}

/** One relay of a large group, by its name: the group's conversationID, a slash and the number of the shard. */
export function relayObject(env: Bindings, name: string, frequent: (keyof RelayRpc)[] = []): RelayRpc {
  return createObjectClient<RelayRpc>(() => env.RELAY.getByName(name), frequent)
}

/** The one object that adds up what is counted. */
export function metricsObject(env: Bindings): MetricsRpc {
  return createObjectClient<MetricsRpc>(() => env.METRICS.getByName('metrics'))
}

/** As many objects as one object usually talks with. */
const MAX_AT_HAND = 2_000

/** The objects that an object calls again and again, by name. */
export interface ObjectStubs {
  user(userID: string): UserRpc
  conversation(conversationID: string): ConversationRpc
  relay(name: string): RelayRpc
}

/**
 * Keeps the clients of objects, and sessions with those that are called thick and fast: finding an object by its name
 * costs as much as calling it. For an object only; a Worker's stubs end with the request that made them.
 */
export function createStubs(env: Bindings): ObjectStubs {
  return {
    user: atHand((userID) => userObject(env, userID, ['deliver'])),
    conversation: atHand((conversationID) => conversationObject(env, conversationID, ['append'])),
    relay: atHand((name) => relayObject(env, name, ['forward'])),
  }
}

function atHand<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    let client = known.get(name)
    if (client === undefined) {
      if (known.size >= MAX_AT_HAND) known.clear()
      client = find(name)
      known.set(name, client)
    }
    return client
  }
}
