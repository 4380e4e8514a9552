import { RpcTarget } from 'cloudflare:workers'
import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { Serves } from '../../contracts/outcome.ts'
import type { RelayRpc } from '../../contracts/relay.ts'
import type { UserRpc } from '../../contracts/user.ts'

/*
 * The objects' side of a call session (see `call-session.ts`): a session offers only the one method of the message path
 * that is called often.
 */

/** Offers `deliver` of a user's object in a session. */
export const UserSessionTarget = sessionTargetOf<UserRpc, 'deliver'>('deliver')
export type UserSessionTarget = SessionTarget<UserRpc, 'deliver'>

/** Offers `append` of a conversation's object in a session. */
export const ConversationSessionTarget = sessionTargetOf<ConversationRpc, 'append'>('append')
export type ConversationSessionTarget = SessionTarget<ConversationRpc, 'append'>

/** Offers `forward` of a relay's object in a session. */
export const RelaySessionTarget = sessionTargetOf<RelayRpc, 'forward'>('forward')
export type RelaySessionTarget = SessionTarget<RelayRpc, 'forward'>

type SessionTarget<Rpc, Method extends keyof Rpc> = RpcTarget & Pick<Serves<Rpc>, Method>

/** Makes a class with one method on its prototype, where Workers RPC looks for it, that calls the object's own. */
function sessionTargetOf<Rpc, Method extends keyof Rpc & string>(method: Method) {
  type Target = Pick<Serves<Rpc>, Method>
  const target = class extends RpcTarget {
    readonly #object: Target

    constructor(object: Target) {
      super()
      this.#object = object
    }

    [method](...args: unknown[]): unknown {
      return (this.#object[method] as (...args: unknown[]) => unknown).apply(this.#object, args)
    }
  }
  return target as unknown as new (
    object: Target,
  ) => SessionTarget<Rpc, Method>
}
