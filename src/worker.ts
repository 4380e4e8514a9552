import type { Bindings } from './env.ts'
import { createFetch } from './http/app.ts'
import { endpoints } from './http/endpoints.ts'
import { startCleaning } from './jobs/cleaning.ts'
import { consumeQueue } from './jobs/queue.ts'

export { ConversationObject } from './objects/conversation/conversation-object.ts'
export { MetricsObject } from './objects/metrics/metrics-object.ts'
export { RelayObject } from './objects/relay/relay-object.ts'
export { UserObject } from './objects/user/user-object.ts'

export default {
  fetch: createFetch(endpoints),
  queue: consumeQueue,
  scheduled: startCleaning,
} satisfies ExportedHandler<Bindings>
