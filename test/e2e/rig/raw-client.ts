import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import WebSocket from 'ws'
import { z } from 'zod'
import type { WsRequest, WsResponse } from '../../../src/protocol/envelope/frame.ts'
import { decodeGobResponse, encodeGobRequest } from '../../../src/protocol/envelope/gob.ts'
import {
  GetMaxSeqReq,
  GetMaxSeqResp,
  MsgData,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
  PushMessages,
  SendMsgResp,
} from '../../../src/protocol/proto/index.ts'
import { chatIDOf, type LoginOptions } from './client.ts'
import { Journal, WAIT_TIMEOUT_MS } from './journal.ts'
import { nicknameOf } from './rest.ts'

/** OpenIM's request numbers on the socket. */
export const REQ = {
  newestSeq: 1001,
  pullRange: 1002,
  send: 1003,
  pullSeqs: 1005,
  readSeqs: 1006,
  lastMessage: 1007,
  push: 2001,
  kick: 2002,
  logout: 2003,
  background: 2004,
} as const

/** The encoding of frames: `json` in the JS SDK, `gob+gzip` in every Go and wasm SDK; `gob` is possible for a Go client. */
export type Dialect = 'json' | 'gob' | 'gob+gzip'

export interface RawOptions extends LoginOptions {
  dialect?: Dialect
  /** Replaces query parameters of the upgrade; null removes one. */
  query?: Record<string, string | null>
  path?: string
}

const CLOSE_POLL_MS = 10

const Result = z.object({ errCode: z.number(), errMsg: z.string(), errDlt: z.string() })

/** The server's answer to the upgrade: in the first text frame, or in the body if there was no upgrade. */
export type Handshake = z.output<typeof Result> & { upgraded: boolean; httpStatus: number }

/** A frame as it arrived; `bytes` of a text frame are its UTF-8. */
export interface Frame {
  binary: boolean
  bytes: Buffer
}

export interface Close {
  code: number
  reason: string
}

/** A socket that sends any bytes, for frames that no SDK would send, and to check single answers. */
export class RawClient {
  readonly userID: string
  readonly platformID: number
  readonly dialect: Dialect
  /** Every frame in order of arrival, including the handshake. */
  readonly frames: Journal<Frame>
  readonly closed: Promise<Close>
  /** Resolves at the upgrade; an error about the token may still follow. */
  readonly opened: Promise<void>
  readonly #socket: WebSocket
  readonly #refusal: Promise<Handshake>
  readonly #responses: WsResponse[] = []
  #decoded = 0
  #read = 0
  #isLeaving = false

  /** Connects and fails if the server refuses. */
  static async login(options: RawOptions): Promise<RawClient> {
    const client = new RawClient(options)
    const handshake = await client.handshake()
    if (!handshake.upgraded || handshake.errCode !== 0) {
      throw new Error(`${options.userID} was refused: ${JSON.stringify(handshake)}`)
    }
    return client
  }

  /** Starts to connect; `handshake()` returns the result. */
  constructor(options: RawOptions) {
    this.userID = options.userID
    this.platformID = options.platformID
    this.dialect = options.dialect ?? 'json'
    this.frames = new Journal(`${options.userID} (raw ${this.dialect})`)
    this.#socket = new WebSocket(addressOf(options, this.dialect), { perMessageDeflate: false, maxPayload: 0 })
    this.opened = new Promise((resolve) => this.#socket.once('open', () => resolve()))
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        clearInterval(watch)
        resolve({ code, reason: reason.toString() })
      })
    })
    // workerd keeps the TCP connection for up to 10 s after both close frames, which the tests need not wait for.
    const watch = setInterval(() => {
      if (this.#socket.readyState === WebSocket.CLOSING && !this.#isLeaving) this.#socket.terminate()
    }, CLOSE_POLL_MS)
    this.#refusal = new Promise((resolve, reject) => {
      this.#socket.on('unexpected-response', (_request, response) => {
        // Terminated after the answer is read, because the close event must come last.
        resultIn(response)
          .then(resolve, reject)
          .finally(() => this.#socket.terminate())
      })
    })
    this.#refusal.catch(() => {})
    // The close event has all information about a dropped connection.
    this.#socket.on('error', () => {})
    this.#socket.on('message', (data, binary) => this.frames.push({ binary, bytes: Buffer.from(data as Buffer) }))
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** The answer to the upgrade, from the first frame or the body. */
  async handshake(): Promise<Handshake> {
    const greeting = this.frames.until('handshake', () => this.frames.all.find((frame) => !frame.binary))
    const gone = this.closed.then(({ code }): never => {
      throw new Error(`${this.userID}: closed with ${code} before any answer to the handshake`)
    })
    const first = await Promise.race([
      this.#refusal,
      greeting.then((frame): Handshake => ({ ...resultOf(frame.bytes), upgraded: true, httpStatus: 101 })),
      // Frames that arrived before the close are reported before it.
      gone,
    ])
    if (first.upgraded) this.#read = Math.max(this.#read, 1)
    return first
  }

  /** The next frame that was not read yet. */
  async nextFrame(timeoutMs = WAIT_TIMEOUT_MS): Promise<Frame> {
    const at = this.#read++
    return this.frames.until(`frame ${at}`, () => this.frames.all[at], timeoutMs)
  }

  /** Sends bytes as a binary frame and a string as a text frame, unchanged. */
  sendFrame(frame: Uint8Array | string): void {
    this.#socket.send(frame, { binary: typeof frame !== 'string' })
  }

  ping(): Promise<Buffer> {
    this.#socket.ping()
    return new Promise((resolve) => this.#socket.once('pong', resolve))
  }

  /** Sends one request and waits for its answer; `envelope` overrides what the envelope says. */
  async request(reqIdentifier: number, data: Uint8Array, envelope: Partial<WsRequest> = {}): Promise<WsResponse> {
    const request = this.requestOf(reqIdentifier, data, envelope)
    this.sendFrame(this.encode(request))
    return this.frames.until(`answer to ${reqIdentifier}`, () =>
      this.responses().find(({ msgIncr }) => msgIncr === request.msgIncr),
    )
  }

  requestOf(reqIdentifier: number, data: Uint8Array, envelope: Partial<WsRequest> = {}): WsRequest {
    return {
      reqIdentifier,
      token: '',
      sendID: this.userID,
      operationID: randomUUID(),
      msgIncr: `${this.userID}_${randomUUID()}`,
      data,
      ...envelope,
    }
  }

  /** One envelope in this connection's encoding. */
  encode(request: WsRequest): Uint8Array {
    if (this.dialect === 'json') {
      return Buffer.from(JSON.stringify({ ...request, data: Buffer.from(request.data).toString('base64') }))
    }
    const gob = encodeGobRequest(request)
    return this.dialect === 'gob' ? gob : gzipSync(gob)
  }

  /** Every reply and push that has arrived. */
  responses(): readonly WsResponse[] {
    for (const frame of this.frames.all.slice(this.#decoded)) {
      if (frame.binary) this.#responses.push(this.#decode(frame.bytes))
    }
    this.#decoded = this.frames.mark
    return this.#responses
  }

  /** Sends a text as an SDK would; the answer may be a refusal. */
  sendText(to: string, text: string, message: Partial<MsgData> = {}): Promise<WsResponse> {
    return this.request(REQ.send, MsgData.encode(this.textTo(to, text, message)).finish())
  }

  /** Like `sendText`, for a message that must be accepted. */
  async deliverText(to: string, text: string, message: Partial<MsgData> = {}): Promise<SendMsgResp> {
    return SendMsgResp.decode(acceptedData(await this.sendText(to, text, message)))
  }

  /** Sends the texts without waiting in between; the server accepts them in this order. */
  deliverTexts(to: string, texts: readonly string[]): Promise<SendMsgResp[]> {
    return Promise.all(texts.map((text) => this.deliverText(to, text)))
  }

  textTo(to: string, text: string, message: Partial<MsgData> = {}): MsgData {
    return MsgData.fromPartial({
      sendID: this.userID,
      recvID: to,
      clientMsgID: randomUUID().replaceAll('-', ''),
      senderPlatformID: this.platformID,
      senderNickname: nicknameOf(this.userID),
      sessionType: 1,
      msgFrom: 100,
      contentType: 101,
      content: Buffer.from(JSON.stringify({ content: text })),
      createTime: Date.now(),
      status: 1,
      attachedInfo: 'null',
      ...message,
    })
  }

  async newestSeqs(): Promise<Record<string, number>> {
    const data = GetMaxSeqReq.encode({ userID: this.userID }).finish()
    return GetMaxSeqResp.decode(acceptedData(await this.request(REQ.newestSeq, data))).maxSeqs
  }

  /** Every message of the chat with that user, read from the server. */
  async pullAll(withUserID: string): Promise<MsgData[]> {
    const conversationID = chatIDOf(this.userID, withUserID)
    const seqRanges = [{ conversationID, begin: 1, end: 10_000, num: 1_000 }]
    const data = PullMessageBySeqsReq.encode({ userID: this.userID, seqRanges, order: 0 }).finish()
    const answer = PullMessageBySeqsResp.decode(acceptedData(await this.request(REQ.pullRange, data)))
    return answer.msgs[conversationID]?.Msgs ?? []
  }

  /** Messages that were pushed to this connection. */
  pushed(): MsgData[] {
    return this.responses()
      .filter(({ reqIdentifier }) => reqIdentifier === REQ.push)
      .flatMap(({ data }) => Object.values(PushMessages.decode(data).msgs).flatMap(({ Msgs }) => Msgs))
  }

  received(text: string, timeoutMs?: number): Promise<MsgData> {
    return this.frames.until(`push of "${text}"`, () => this.pushed().find((msg) => textOf(msg) === text), timeoutMs)
  }

  /** Closes with a close frame, as an app does, and waits for the server's. */
  goodbye(): Promise<Close> {
    this.#isLeaving = true
    this.#socket.close(1000)
    return this.closed
  }

  /** Ends the TCP connection without a close frame. */
  async close(): Promise<void> {
    this.#socket.terminate()
    await this.closed
  }

  #decode(bytes: Buffer): WsResponse {
    if (this.dialect !== 'json') return decodeGobResponse(this.dialect === 'gob' ? bytes : gunzipSync(bytes))
    return JsonResponse.parse(JSON.parse(bytes.toString()))
  }
}

const JsonResponse = z.object({
  reqIdentifier: z.number(),
  msgIncr: z.string(),
  operationID: z.string(),
  errCode: z.number(),
  errMsg: z.string(),
  // OpenIM: null means no bytes.
  data: z
    .string()
    .nullable()
    .transform((text) => new Uint8Array(Buffer.from(text ?? '', 'base64'))),
})

/** The text of a text message; empty for other messages. */
export function textOf(msg: Pick<MsgData, 'contentType' | 'content'>): string {
  if (msg.contentType !== 101) return ''
  return z.object({ content: z.string() }).parse(JSON.parse(Buffer.from(msg.content).toString())).content
}

function acceptedData(response: WsResponse): Uint8Array {
  if (response.errCode !== 0) throw new Error(`refused: ${response.errCode} ${response.errMsg}`)
  return response.data
}

function addressOf({ server, userID, token, platformID, query, path = '/' }: RawOptions, dialect: Dialect): string {
  const url = new URL(path, server.wsUrl)
  const parameters: Record<string, string | null> = {
    sendID: userID,
    token,
    platformID: String(platformID),
    operationID: randomUUID(),
    isBackground: 'false',
    isMsgResp: 'true',
    sdkType: dialect === 'json' ? 'js' : null,
    compression: dialect === 'gob+gzip' ? 'gzip' : null,
    ...query,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value)
  return url.href
}

async function resultIn(response: IncomingMessage): Promise<Handshake> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { ...resultOf(Buffer.concat(chunks)), upgraded: false, httpStatus: response.statusCode ?? 0 }
}

function resultOf(bytes: Buffer): z.output<typeof Result> {
  return Result.parse(JSON.parse(bytes.toString()))
}
