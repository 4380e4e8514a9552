import { DurableObject } from 'cloudflare:workers'
import { addressOf, conversationName, FRAME_BYTES, receiversOf, stampAck, stampPush } from './frame.ts'

export * from './absent.ts'

/*
 * The naive floor with batching: frames that arrive for a destination while a call to it is in flight go together in
 * the next call. A batch is one call, one commit and one frame to the socket.
 */

interface Env {
  USER: DurableObjectNamespace<UserObject>
  CONVERSATION: DurableObjectNamespace<ConversationObject>
}

/** Makes one call at a time; frames that arrive meanwhile go into the next call. */
class BatchQueue<Result> {
  readonly #call: (frames: ArrayBuffer[]) => Promise<Result[] | undefined>
  #frames: ArrayBuffer[] = []
  #answers: ((result: Result | undefined) => void)[] = []
  #running = false

  constructor(call: (frames: ArrayBuffer[]) => Promise<Result[] | undefined>) {
    this.#call = call
  }

  push(frame: ArrayBuffer): Promise<Result | undefined> {
    return new Promise((resolve) => {
      this.#frames.push(frame)
      this.#answers.push(resolve)
      if (!this.#running) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#frames.length > 0) {
      const answers = this.#answers
      const frames = this.#frames
      this.#frames = []
      this.#answers = []
      const results = await this.#call(frames)
      for (const [i, answer] of answers.entries()) answer(results?.[i])
    }
    this.#running = false
  }
}

export class UserObject extends DurableObject<Env> {
  readonly #conversations = new Map<string, BatchQueue<number>>()

  override fetch(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, frame: ArrayBuffer): Promise<void> {
    const name = conversationName(addressOf(frame))
    let conversation = this.#conversations.get(name)
    if (!conversation) {
      const stub = this.env.CONVERSATION.getByName(name)
      conversation = new BatchQueue((frames) => stub.append(frames))
      this.#conversations.set(name, conversation)
    }
    const seq = await conversation.push(frame)
    if (seq !== undefined) socket.send(stampAck(frame, seq))
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code)
  }

  deliver(frames: ArrayBuffer[]): undefined {
    const joined = new Uint8Array(frames.length * FRAME_BYTES)
    for (const [i, frame] of frames.entries()) joined.set(new Uint8Array(frame), i * FRAME_BYTES)
    for (const socket of this.ctx.getWebSockets()) socket.send(joined)
  }
}

export class ConversationObject extends DurableObject<Env> {
  readonly #users = new Map<number, BatchQueue<never>>()
  #seq: number

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    state.storage.sql.exec('CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)')
    this.#seq = state.storage.sql.exec<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM message').one().seq
  }

  append(frames: ArrayBuffer[]): number[] {
    return frames.map((frame) => {
      const seq = ++this.#seq
      const push = stampPush(frame, seq)
      this.ctx.storage.sql.exec('INSERT INTO message (seq, body) VALUES (?, ?)', seq, push)
      for (const receiver of receiversOf(addressOf(frame))) void this.#user(receiver).push(push)
      return seq
    })
  }

  #user(number: number): BatchQueue<never> {
    let user = this.#users.get(number)
    if (!user) {
      const stub = this.env.USER.getByName(`user-${number}`)
      user = new BatchQueue((frames) => stub.deliver(frames))
      this.#users.set(number, user)
    }
    return user
  }
}

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    const user = new URL(request.url).searchParams.get('user')
    return user === null ? new Response('floor') : env.USER.getByName(`user-${user}`).fetch(request)
  },
} satisfies ExportedHandler<Env>
