import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { MetricsRpc } from '../../contracts/metrics.ts'
import type { RelayRpc } from '../../contracts/relay.ts'
import type { UserRpc } from '../../contracts/user.ts'
import type { Bindings } from '../../env.ts'
import { ImError } from '../../protocol/errors.ts'
import { createObjectClient } from './object-client.ts'

/** An object can read its own name up to 1,024 bytes, and a UTF-16 unit takes at most three bytes. */
const MAX_NAME_LENGTH = 340

/** @throws ImError 1001 for an ID that is too long */
function requireName(name: string): void {
  if (name.length > MAX_NAME_LENGTH) {
    throw ImError.args(`an ID has at most ${MAX_NAME_LENGTH} characters: ${name.slice(0, 40)}…`)
  }
}

/** The UserObject of one user, by userID. */
export function userObject(env: Bindings, userID: string, frequent: (keyof UserRpc)[] = []): UserRpc {
  requireName(userID)
  return createObjectClient<UserRpc>(() => env.USER.getByName(userID), frequent)
}

/** The ConversationObject that stores a chat log and its notification log, by the chat's conversationID. */
export function conversationObject(
  env: Bindings,
  conversationID: string,
  frequent: (keyof ConversationRpc)[] = [],
): ConversationRpc {
  requireName(conversationID)
  return createObjectClient<ConversationRpc>(() => env.CONVERSATION.getByName(conversationID), frequent)
}

/** One RelayObject of a large group, by its name: the group's conversationID, a slash and the number of the shard. */
export function relayObject(env: Bindings, name: string, frequent: (keyof RelayRpc)[] = []): RelayRpc {
  return createObjectClient<RelayRpc>(() => env.RELAY.getByName(name), frequent)
}

/** The one MetricsObject, which adds up the counts of all isolates. */
export function metricsObject(env: Bindings): MetricsRpc {
  return createObjectClient<MetricsRpc>(() => env.METRICS.getByName('metrics'))
}

/** More objects than one object usually calls. */
const MAX_CACHED = 2_000

/** Cached clients of the objects that an object calls repeatedly, by name. */
export interface ObjectStubs {
  user(userID: string): UserRpc
  conversation(conversationID: string): ConversationRpc
  relay(name: string): RelayRpc
}

/**
 * Caches the clients of objects, because finding an object by its name costs as much as calling it. Frequent calls use a
 * session (see `call-session.ts`). For objects only: in a Worker a stub ends with the request that made it.
 */
export function createStubs(env: Bindings): ObjectStubs {
  return {
    user: cached((userID) => userObject(env, userID, ['deliver'])),
    conversation: cached((conversationID) => conversationObject(env, conversationID, ['append'])),
    relay: cached((name) => relayObject(env, name, ['forward'])),
  }
}

function cached<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    let client = known.get(name)
    if (client === undefined) {
      if (known.size >= MAX_CACHED) known.clear()
      client = find(name)
      known.set(name, client)
    }
    return client
  }
}
