import { env, exports } from 'cloudflare:workers'
import type { ConversationRpc } from '../../src/contracts/conversation.ts'
import type { AppendItem } from '../../src/contracts/messages.ts'
import type { UserRpc } from '../../src/contracts/user.ts'
import type { Bindings } from '../../src/env.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { decodeGobResponse, encodeGobRequest } from '../../src/protocol/envelope/gob.ts'
import { gunzip, gzip } from '../../src/protocol/envelope/gzip.ts'
import type { WsResponse } from '../../src/protocol/envelope/index.ts'
import { MsgData, PushMessages, SendMsgResp, SubUserOnlineStatusTips } from '../../src/protocol/proto/index.ts'
import { conversationObject, userObject } from '../../src/runtime/rpc/stubs.ts'

/** The Worker under test with its real D1, objects and queues, and the actions that tests perform on it. */

export const bindings = env as unknown as Bindings

export interface ReplyBody {
  errCode: number
  errMsg: string
  errDlt: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the reply holds
  data?: any
}

const ORIGIN = 'http://127.0.0.1'

export function request(path: string, init: RequestInit = {}): Promise<Response> {
  const worker = (exports as unknown as { default: { fetch(request: Request): Promise<Response> } }).default
  return worker.fetch(new Request(ORIGIN + path, init))
}

/** Makes a REST call, as an app server or an SDK does. */
export async function post(path: string, body: unknown, token?: string): Promise<ReplyBody> {
  const headers: Record<string, string> = { operationID: 'test-operation', 'content-type': 'application/json' }
  if (token !== undefined) headers.token = token
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (await request(path, { method: 'POST', headers, body: text })).json()
}

let adminTokenOnce: Promise<string> | null = null

export function forgetAdminToken(): void {
  adminTokenOnce = null
}

export function adminToken(): Promise<string> {
  adminTokenOnce ??= post('/auth/get_admin_token', { secret: 'openIM123', userID: 'imAdmin' }).then(
    (reply) => reply.data.token,
  )
  return adminTokenOnce
}

export async function register(...userIDs: string[]): Promise<void> {
  const users = userIDs.map((userID) => ({ userID, nickname: `nick of ${userID}`, faceURL: `https://x/${userID}.png` }))
  const reply = await post('/user/user_register', { users }, await adminToken())
  if (reply.errCode !== 0) throw new Error(`could not register: ${JSON.stringify(reply)}`)
}

export async function userToken(userID: string, platformID = 5): Promise<string> {
  const reply = await post('/auth/get_user_token', { userID, platformID }, await adminToken())
  if (reply.errCode !== 0) throw new Error(`no token: ${JSON.stringify(reply)}`)
  return reply.data.token
}

export const user = (userID: string): UserRpc => userObject(bindings, userID)
export const conversation = (conversationID: string): ConversationRpc => conversationObject(bindings, conversationID)

/** A message from alice to bob, as her UserObject appends it to the conversation. */
export function appendItem(given: Partial<AppendItem> & { clientMsgID: string }): AppendItem {
  const item = {
    operationID: 'test-operation',
    sendID: 'alice',
    recvID: 'bob',
    groupID: '',
    serverMsgID: `server-${given.clientMsgID}`,
    sessionType: 1,
    contentType: 101,
    createTime: Date.now(),
    sendTime: 0,
    log: 'chat' as const,
    stored: true,
    senderSync: true,
    skipSender: true,
    skipChecks: false,
    ...given,
  }
  return { ...item, msg: given.msg ?? textMessage(item.sendID, item.recvID, given.clientMsgID, given.clientMsgID) }
}

export function textMessage(
  sendID: string,
  recvID: string,
  clientMsgID: string,
  text: string,
  given: Partial<MsgData> = {},
): Uint8Array {
  return MsgData.encode(
    MsgData.fromPartial({
      sendID,
      recvID,
      clientMsgID,
      sessionType: 1,
      msgFrom: 100,
      contentType: 101,
      content: new TextEncoder().encode(JSON.stringify({ content: text })),
      createTime: Date.now(),
      status: 1,
      ...given,
    }),
  ).finish()
}

export function textOf(msg: MsgData): string {
  return JSON.parse(new TextDecoder().decode(msg.content)).content
}

export type SdkKind = 'js' | 'go'

/** The query that an SDK of the given kind adds to the WebSocket address. */
export function gatewayQuery(userID: string, token: string, kind: SdkKind, given: Record<string, string> = {}): string {
  const query: Record<string, string> = {
    sendID: userID,
    token,
    platformID: '5',
    operationID: 'connect-operation',
    isBackground: 'false',
    isMsgResp: 'true',
    ...(kind === 'js' ? { sdkType: 'js' } : { compression: 'gzip' }),
    ...given,
  }
  return new URLSearchParams(query).toString()
}

/** A device on a socket, with the JSON envelope of the JS SDK or the gzipped gob envelope of the Go core. */
export class Device {
  readonly frames: (string | Uint8Array)[] = []
  readonly pushes: { operationID: string; messages: PushMessages }[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  /** The presence that was pushed, in order of arrival. */
  readonly statuses: SubUserOnlineStatusTips['subscribers'] = []
  kicked = false
  readonly #userID: string
  readonly #kind: SdkKind
  readonly #socket: WebSocket
  readonly #waiting = new Map<string, (response: WsResponse) => void>()
  #nextIncr = 1

  constructor(userID: string, kind: SdkKind, socket: WebSocket) {
    this.#userID = userID
    this.#kind = kind
    this.#socket = socket
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', (event) => resolve({ code: event.code, reason: event.reason }))
    })
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', (event) => this.#take(event.data))
    socket.accept()
  }

  static async connect(
    userID: string,
    options: {
      kind?: SdkKind
      platformID?: number
      token?: string
      path?: string
      query?: Record<string, string>
    } = {},
  ): Promise<Device> {
    const { kind = 'js', platformID = 5, path = '/ws' } = options
    const token = options.token ?? (await userToken(userID, platformID))
    const query = gatewayQuery(userID, token, kind, { platformID: String(platformID), ...options.query })
    const response = await request(`${path}?${query}`, { headers: { Upgrade: 'websocket' } })
    if (!response.webSocket) throw new Error(`no upgrade: ${response.status} ${await response.text()}`)
    return new Device(userID, kind, response.webSocket)
  }

  /** The text frame that answers the handshake. */
  async handshake(): Promise<ReplyBody> {
    await until(() => typeof this.frames[0] === 'string')
    return JSON.parse(this.frames[0] as string)
  }

  sendRaw(frame: string | Uint8Array): void {
    this.#socket.send(frame)
  }

  close(): void {
    this.#socket.close(1000, 'bye')
  }

  request(
    reqIdentifier: number,
    data: Uint8Array,
    given: { sendID?: string; operationID?: string } = {},
  ): Promise<WsResponse> {
    const msgIncr = `${this.#userID}_${this.#nextIncr++}`
    const fields = {
      reqIdentifier,
      token: '',
      sendID: given.sendID ?? this.#userID,
      operationID: given.operationID ?? `op-${msgIncr}`,
      msgIncr,
    }
    return new Promise((resolve) => {
      this.#waiting.set(msgIncr, resolve)
      this.sendRaw(
        this.#kind === 'go'
          ? gzip(encodeGobRequest({ ...fields, data }))
          : new TextEncoder().encode(JSON.stringify({ ...fields, data: Buffer.from(data).toString('base64') })),
      )
    })
  }

  /** Sends a text message and waits for the answer. */
  async sendText(recvID: string, text: string, clientMsgID = `${this.#userID}-${text}`): Promise<SendMsgResp> {
    const response = await this.request(WsRequestID.SendMsg, textMessage(this.#userID, recvID, clientMsgID, text))
    if (response.errCode !== 0) throw new Error(`${response.errCode} ${response.errMsg}`)
    return SendMsgResp.decode(response.data)
  }

  /** Every message that was pushed, with its conversation, in order of arrival. */
  received(): { conversationID: string; msg: MsgData }[] {
    return this.pushes.flatMap(({ messages }) =>
      [messages.msgs, messages.notificationMsgs].flatMap((logs) =>
        Object.entries(logs).flatMap(([conversationID, log]) => log.Msgs.map((msg) => ({ conversationID, msg }))),
      ),
    )
  }

  /** A user's platforms in the newest presence push; undefined when there was no push. */
  presence(userID: string): number[] | undefined {
    return this.statuses.findLast((status) => status.userID === userID)?.onlinePlatformIDs
  }

  /** Waits until at least `count` messages have arrived, and returns the texts of all. */
  async receivedTexts(count: number): Promise<string[]> {
    await until(() => this.received().length >= count)
    return this.received().map(({ msg }) => textOf(msg))
  }

  #take(data: string | ArrayBuffer): void {
    if (typeof data === 'string') {
      this.frames.push(data)
      return
    }
    const frame = new Uint8Array(data)
    this.frames.push(frame)
    const response = this.#kind === 'go' ? decodeGobResponse(gunzip(frame, 1 << 24)) : decodeJsonResponse(frame)
    if (response.reqIdentifier === WsRequestID.PushMsg) {
      this.pushes.push({ operationID: response.operationID, messages: PushMessages.decode(response.data) })
    } else if (response.reqIdentifier === WsRequestID.SubUserOnlineStatus && response.msgIncr === '') {
      this.statuses.push(...SubUserOnlineStatusTips.decode(response.data).subscribers)
    } else if (response.reqIdentifier === WsRequestID.KickOnlineMsg) {
      this.kicked = true
    } else {
      this.#waiting.get(response.msgIncr)?.(response)
    }
  }
}

function decodeJsonResponse(frame: Uint8Array): WsResponse {
  const response = JSON.parse(new TextDecoder().decode(frame))
  return { ...response, data: Buffer.from(response.data ?? '', 'base64') }
}

/** Waits for a condition that another object fulfils later. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`the condition did not hold within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
