import type { Bindings } from '../../src/env.ts'
import worker, {
  ConversationObject as Conversation,
  RelayObject as Relay,
  UserObject as User,
} from '../../src/worker.ts'
import { Counters } from './counters.ts'
import { instrumentBindings, instrumentObject, instrumentStorage, noteWaits } from './instrument.ts'

/*
 * The product as it is, with everything counted that Cloudflare bills. `GET /bench/counts` answers what was counted
 * since the last time.
 */

const counters = new Counters()
instrumentObject(counters, { name: 'UserObject', prototype: User.prototype })
instrumentObject(counters, { name: 'ConversationObject', prototype: Conversation.prototype })
instrumentObject(counters, { name: 'RelayObject', prototype: Relay.prototype })

const noted = new WeakMap<Bindings, Bindings>()

/** The service keeps its configuration by the bindings' identity, so each set gets one counterpart. */
function noting(env: Bindings): Bindings {
  let bindings = noted.get(env)
  if (!bindings) {
    const note = <T extends object>(namespace: T) => noteWaits(counters, namespace)
    bindings = { ...env, USER: note(env.USER), CONVERSATION: note(env.CONVERSATION), RELAY: note(env.RELAY) }
    noted.set(env, bindings)
  }
  return bindings
}

export class UserObject extends User {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, noting(env))
  }
}

export class ConversationObject extends Conversation {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, noting(env))
  }
}

export class RelayObject extends Relay {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, noting(env))
  }
}

export default {
  fetch(request: Request, env: Bindings, ctx: ExecutionContext): Response | Promise<Response> {
    if (new URL(request.url).pathname === '/bench/counts') return Response.json(counters.take())
    instrumentBindings(counters, env)
    counters.add('requests')
    return worker.fetch(request, env, ctx)
  },
  queue(batch: MessageBatch, env: Bindings): Promise<void> {
    instrumentBindings(counters, env)
    return worker.queue(batch, env)
  },
} satisfies ExportedHandler<Bindings>
