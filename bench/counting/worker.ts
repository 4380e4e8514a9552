import type { Bindings } from '../../src/env.ts'
import worker, { ConversationObject as Conversation, UserObject as User } from '../../src/worker.ts'
import { Counters } from './counters.ts'
import { instrumentBindings, instrumentObject, instrumentStorage } from './instrument.ts'

/*
 * The product as it is, with everything counted that Cloudflare bills. `GET /bench/counts` answers what was counted
 * since the last time.
 */

const counters = new Counters()
instrumentObject(counters, { name: 'UserObject', prototype: User.prototype })
instrumentObject(counters, { name: 'ConversationObject', prototype: Conversation.prototype })

export class UserObject extends User {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, env)
  }
}

export class ConversationObject extends Conversation {
  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, env)
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
