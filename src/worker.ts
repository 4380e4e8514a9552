import { DurableObject } from 'cloudflare:workers'

export class UserObject extends DurableObject {}
export class ConversationObject extends DurableObject {}

export default {
  fetch(): Response {
    return new Response('ok')
  },
  queue(): void {},
}
