import { DurableObject } from 'cloudflare:workers'
import { MessageStatus } from '../../src/protocol/constants/message-status.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { conversationIDFor } from '../../src/protocol/conversation-id.ts'
import { type Envelope, envelopeFor } from '../../src/protocol/envelope/index.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { encodePushMessages, encodeSendMsgResp, stampMessage } from '../../src/protocol/push-messages.ts'
import { readMessage } from '../../src/protocol/read-message.ts'

export * from './absent.ts'

/*
 * The naive floor with OpenIM's protocol: its envelopes, its messages with the product's own codec, and its third
 * frame, the sender's copy of its own message. It has no checks, no batches and no delivery to offline users. For a
 * client with a token it checks the signature, looks up the session, and answers both requests of a sync. The
 * difference from the naive floor is the cost of the protocol in this architecture.
 */

interface Env {
  USER: DurableObjectNamespace<UserObject>
  CONVERSATION: DurableObjectNamespace<ConversationObject>
}

/** The replies to the sync requests of a user without conversations. */
const SYNC_ANSWERS: ReadonlyMap<number, Uint8Array> = new Map([
  [WsRequestID.GetNewestSeq, new Uint8Array()],
  [WsRequestID.GetConvMaxReadSeq, new Uint8Array()],
])

/** The secret with which `bench/contenders/contender.ts` signs tokens for this floor. */
const SECRET = 'the protocol floor'

export class UserObject extends DurableObject<Env> {
  readonly #conversations = new Map<string, DurableObjectStub<ConversationObject>>()
  readonly #envelopes = new WeakMap<WebSocket, Envelope>()
  readonly #kicked = new Set<string>()

  override fetch(request: Request): Response {
    const query = new URL(request.url).searchParams
    const token = query.get('token')
    if (token) {
      const { sql } = this.ctx.storage
      sql.exec('CREATE TABLE IF NOT EXISTS session (key TEXT PRIMARY KEY, state INTEGER NOT NULL) WITHOUT ROWID')
      const [row] = sql.exec<{ state: number }>('SELECT state FROM session WHERE key = ?', token).toArray()
      if (row?.state === 1) return new Response('kicked', { status: 403 })
    }
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server, [query.get('sdkType') === 'js' ? 'js' : 'go'])
    server.send(JSON.stringify({ errCode: 0, errMsg: '', errDlt: '' }))
    return new Response(null, { status: 101, webSocket: client })
  }

  override async webSocketMessage(socket: WebSocket, frame: ArrayBuffer): Promise<void> {
    const envelope = this.#envelopeOf(socket)
    const { reqIdentifier, msgIncr, operationID, data } = envelope.decode(new Uint8Array(frame))
    const synced = SYNC_ANSWERS.get(reqIdentifier)
    if (synced) {
      socket.send(envelope.encode({ reqIdentifier, msgIncr, operationID, errCode: 0, errMsg: '', data: synced }))
      return
    }
    const { msg, bytes } = readMessage(data)
    if (!bytes) throw new Error('the message is not in plain form')
    const home = conversationIDFor(msg, false)
    let conversation = this.#conversations.get(home)
    if (!conversation) {
      conversation = this.env.CONVERSATION.getByName(home)
      this.#conversations.set(home, conversation)
    }
    const serverMsgID = crypto.randomUUID().replaceAll('-', '')
    const { seq, sendTime } = await conversation.append(msg.recvID, { serverMsgID, operationID, bytes })
    const sent = { serverMsgID, clientMsgID: msg.clientMsgID, sendTime }
    const answer = { reqIdentifier, msgIncr, operationID, errCode: 0, errMsg: '' }
    socket.send(envelope.encode({ ...answer, data: encodeSendMsgResp(sent, null) }))
    const echo = stampMessage(bytes, { serverMsgID, sendTime, seq, status: MessageStatus.Sent })
    socket.send(pushFrame(envelope, home, echo, operationID))
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code)
  }

  /** Whether a token of this user is in force, that is, not kicked. */
  inForce(token: string): boolean {
    return !this.#kicked.has(token)
  }

  deliver(home: string, msg: Uint8Array, operationID: string): void {
    for (const socket of this.ctx.getWebSockets()) {
      socket.send(pushFrame(this.#envelopeOf(socket), home, msg, operationID))
    }
  }

  #envelopeOf(socket: WebSocket): Envelope {
    let envelope = this.#envelopes.get(socket)
    if (!envelope) {
      envelope = this.ctx.getTags(socket)[0] === 'js' ? envelopeFor('js', 'none') : envelopeFor('go', 'gzip')
      this.#envelopes.set(socket, envelope)
    }
    return envelope
  }
}

export class ConversationObject extends DurableObject<Env> {
  readonly #users = new Map<string, DurableObjectStub<UserObject>>()
  #seq: number

  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    state.storage.sql.exec('CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)')
    this.#seq = state.storage.sql.exec<{ seq: number }>('SELECT coalesce(max(seq), 0) AS seq FROM message').one().seq
  }

  append(
    recvID: string,
    { serverMsgID, operationID, bytes }: { serverMsgID: string; operationID: string; bytes: Uint8Array },
  ): { seq: number; sendTime: number } {
    const seq = ++this.#seq
    const sendTime = Date.now()
    const msg = stampMessage(bytes, { serverMsgID, sendTime, seq, status: MessageStatus.Sent })
    this.ctx.storage.sql.exec('INSERT INTO message (seq, body) VALUES (?, ?)', seq, msg)
    void this.#user(recvID).deliver(this.ctx.id.name ?? '', msg, operationID)
    return { seq, sendTime }
  }

  #user(userID: string): DurableObjectStub<UserObject> {
    let user = this.#users.get(userID)
    if (!user) {
      user = this.env.USER.getByName(userID)
      this.#users.set(userID, user)
    }
    return user
  }
}

function pushFrame(envelope: Envelope, conversationID: string, msg: Uint8Array, operationID: string): Uint8Array {
  const data = encodePushMessages([{ conversationID, msgs: [msg] }])
  return envelope.encode({
    reqIdentifier: WsRequestID.PushMsg,
    msgIncr: '',
    operationID,
    errCode: 0,
    errMsg: '',
    data,
  })
}

/** The body of a `/msg/send_msg` call of the load generator. */
interface SendMsgCall {
  sendID: string
  recvID: string
  senderPlatformID: number
  sessionType: number
  contentType: number
  content: object
}

/** Handles a message that an app server sends with `/msg/send_msg`. Unlike OpenIM's, the answer also has the seq. */
async function sendMsg(request: Request, env: Env): Promise<Response> {
  const token = request.headers.get('token') ?? ''
  if (!signed.has(token) && !(await isSigned(token))) return new Response('not signed', { status: 403 })
  signed.add(token)
  const { UserID } = JSON.parse(atob(token.split('.')[1] ?? '')) as { UserID: string }
  if (!(await env.USER.getByName(UserID).inForce(token))) return new Response('kicked', { status: 403 })
  const { content, ...fields } = await request.json<SendMsgCall>()
  const [clientMsgID, serverMsgID] = [crypto.randomUUID(), crypto.randomUUID()]
  const text = new TextEncoder().encode(JSON.stringify(content))
  const msg = MsgData.fromPartial({ ...fields, content: text, clientMsgID, createTime: Date.now() })
  const operationID = request.headers.get('operationID') ?? ''
  const sent = { serverMsgID, operationID, bytes: MsgData.encode(msg).finish() }
  const { seq, sendTime } = await env.CONVERSATION.getByName(conversationIDFor(msg, false)).append(msg.recvID, sent)
  return Response.json({ errCode: 0, errMsg: '', errDlt: '', data: { serverMsgID, clientMsgID, sendTime, seq } })
}

/** Tokens whose signature was checked already. */
const signed = new Set<string>()

let key: CryptoKey | null = null

/** Whether an HS256 token was signed with our secret. */
async function isSigned(token: string): Promise<boolean> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  key ??= await crypto.subtle.importKey('raw', new TextEncoder().encode(SECRET), hmac, false, ['verify'])
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  return crypto.subtle.verify('HMAC', key, signature, new TextEncoder().encode(token.slice(0, end)))
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method === 'POST') return sendMsg(request, env)
    const query = new URL(request.url).searchParams
    const user = query.get('sendID')
    if (user === null) return new Response('floor')
    const token = query.get('token')
    if (token && !(await isSigned(token))) return new Response('not signed', { status: 403 })
    return env.USER.getByName(user).fetch(request)
  },
} satisfies ExportedHandler<Env>
