import type { Bindings } from './env.ts'
import { createApp } from './http/app.ts'
import { endpoints } from './http/endpoints.ts'
import { consumeQueue } from './jobs/queue.ts'

export { ConversationObject } from './objects/conversation/conversation-object.ts'
export { RelayObject } from './objects/relay/relay-object.ts'
export { UserObject } from './objects/user/user-object.ts'

const app = createApp(endpoints)

export default {
  fetch: app.fetch,
  queue: consumeQueue,
} satisfies ExportedHandler<Bindings>
