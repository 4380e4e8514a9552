import { RpcTarget } from 'cloudflare:workers'
import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { Serves } from '../../contracts/outcome.ts'
import type { RelayRpc } from '../../contracts/relay.ts'
import type { UserRpc } from '../../contracts/user.ts'

/*
 * What an object offers in a session (see `call-session.ts`): the calls of the way of a message, and no other.
 */

/** A user's object in a session. */
export class UserCalls extends RpcTarget implements Pick<Serves<UserRpc>, 'deliver'> {
  readonly #user: Pick<Serves<UserRpc>, 'deliver'>

  constructor(user: Pick<Serves<UserRpc>, 'deliver'>) {
    super()
    this.#user = user
  }

  deliver(...args: Parameters<UserRpc['deliver']>): ReturnType<Serves<UserRpc>['deliver']> {
    return this.#user.deliver(...args)
  }
}

/** A conversation's object in a session. */
export class ConversationCalls extends RpcTarget implements Pick<Serves<ConversationRpc>, 'append'> {
  readonly #conversation: Pick<Serves<ConversationRpc>, 'append'>

  constructor(conversation: Pick<Serves<ConversationRpc>, 'append'>) {
    super()
    this.#conversation = conversation
  }

  append(...args: Parameters<ConversationRpc['append']>): ReturnType<Serves<ConversationRpc>['append']> {
    return this.#conversation.append(...args)
  }
}

/** A relay's object in a session. */
export class RelayCalls extends RpcTarget implements Pick<Serves<RelayRpc>, 'forward'> {
  readonly #relay: Pick<Serves<RelayRpc>, 'forward'>

  constructor(relay: Pick<Serves<RelayRpc>, 'forward'>) {
    super()
    this.#relay = relay
  }

  forward(...args: Parameters<RelayRpc['forward']>): ReturnType<Serves<RelayRpc>['forward']> {
    return this.#relay.forward(...args)
  }
}
