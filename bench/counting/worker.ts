import type { Bindings } from '../../src/env.ts'
import worker, {
  ConversationObject as Conversation,
  RelayObject as Relay,
  UserObject as User,
} from '../../src/worker.ts'
import { Counters } from './counters.ts'
import { instrumentBindings, instrumentObject, instrumentStorage, noteWaits } from './instrument.ts'

/*
 * The unchanged product, with a count of everything that Cloudflare bills. `GET /bench/counts` answers the counts since
 * the last call.
 */

export { MetricsObject } from '../../src/worker.ts'

const counters = new Counters()
instrumentObject(counters, { name: 'UserObject', prototype: User.prototype })
instrumentObject(counters, { name: 'ConversationObject', prototype: Conversation.prototype })
instrumentObject(counters, { name: 'RelayObject', prototype: Relay.prototype })

const instrumentedEnvs = new WeakMap<Bindings, Bindings>()

/** The service caches its configuration by the identity of the bindings, so each set has one instrumented copy. */
function instrumentedEnv(env: Bindings): Bindings {
  let bindings = instrumentedEnvs.get(env)
  if (!bindings) {
    const note = <T extends object>(namespace: T) => noteWaits(counters, namespace)
    bindings = { ...env, USER: note(env.USER), CONVERSATION: note(env.CONVERSATION), RELAY: note(env.RELAY) }
    instrumentedEnvs.set(env, bindings)
  }
  return bindings
}

export class UserObject extends User {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, instrumentedEnv(env))
  }
}

export class ConversationObject extends Conversation {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, instrumentedEnv(env))
  }
}

export class RelayObject extends Relay {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, instrumentedEnv(env))
  }
}

export default {
  fetch(request: Request, env: Bindings, ctx: ExecutionContext): Response | Promise<Response> {
    if (new URL(request.url).pathname === '/bench/counts') return Response.json(counters.take())
    instrumentBindings(counters, env)
    counters.add('requests')
    return worker.fetch(request, env, ctx)
  },
  queue(batch: MessageBatch, env: Bindings, ctx: ExecutionContext): Promise<void> {
    instrumentBindings(counters, env)
    return worker.queue(batch, env, ctx)
  },
} satisfies ExportedHandler<Bindings>
