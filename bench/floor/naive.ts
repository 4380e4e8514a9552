import { DurableObject } from 'cloudflare:workers'
import { addressOf, conversationName, receiversOf, stampAck, stampPush } from './frame.ts'

export * from './absent.ts'

/*
 * The minimal server with the product's architecture: an object per user with its sockets, an object per conversation
 * with its log, one call and one commit per message. A message is durable before it is acknowledged. It has no tokens,
 * no checks and no codec. The product is compared with this floor, so it must not become slower.
 */

interface Env {
  USER: DurableObjectNamespace<UserObject>
  CONVERSATION: DurableObjectNamespace<ConversationObject>
}

export class UserObject extends DurableObject<Env> {
  readonly #conversations = new Map<string, DurableObjectStub<ConversationObject>>()

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, frame: ArrayBuffer): Promise<void> {
    const name = conversationName(addressOf(frame))
    let conversation = this.#conversations.get(name)
    if (!conversation) {
      conversation = this.env.CONVERSATION.getByName(name)
      this.#conversations.set(name, conversation)
    }
    socket.send(stampAck(frame, await conversation.append(frame)))
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code)
  }

  deliver(frame: ArrayBuffer): void {
    for (const socket of this.ctx.getWebSockets()) socket.send(frame)
  }
}

export class ConversationObject extends DurableObject<Env> {
  readonly #users = new Map<number, DurableObjectStub<UserObject>>()
  #seq: number

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    state.storage.sql.exec('CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)')
    this.#seq = state.storage.sql.exec<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM message').one().seq
  }

  append(frame: ArrayBuffer): number {
    const seq = ++this.#seq
    const push = stampPush(frame, seq)
    this.ctx.storage.sql.exec('INSERT INTO message (seq, body) VALUES (?, ?)', seq, push)
    for (const receiver of receiversOf(addressOf(frame))) void this.#user(receiver).deliver(push)
    return seq
  }

  #user(number: number): DurableObjectStub<UserObject> {
    let user = this.#users.get(number)
    if (!user) {
      user = this.env.USER.getByName(`user-${number}`)
      this.#users.set(number, user)
    }
    return user
  }
}

/** Handles a message that is sent by an HTTP call, without a socket. */
async function send(request: Request, env: Env): Promise<Response> {
  const frame = await request.arrayBuffer()
  return new Response(String(await env.CONVERSATION.getByName(conversationName(addressOf(frame))).append(frame)))
}

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    if (request.method === 'POST') return send(request, env)
    const user = new URL(request.url).searchParams.get('user')
    return user === null ? new Response('floor') : env.USER.getByName(`user-${user}`).fetch(request)
  },
} satisfies ExportedHandler<Env>
