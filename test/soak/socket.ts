import { randomUUID } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import WebSocket from 'ws'
import { z } from 'zod'
import type { WsResponse } from '../../src/protocol/envelope/frame.ts'
import { decodeGobResponse, encodeGobRequest } from '../../src/protocol/envelope/gob.ts'

/** The two envelopes of the official SDKs: `json` is the JS SDK's, `gob` (gzipped) that of Go and wasm. */
export type Envelope = 'json' | 'gob'

export interface SocketOptions {
  wsUrl: string
  userID: string
  token: string
  platformID: number
  envelope: Envelope
}

const CONNECT_TIMEOUT_MS = 20_000
const REQUEST_TIMEOUT_MS = 20_000
/** The first text frame answers the handshake. */
const Handshake = z.object({ errCode: z.number(), errMsg: z.string() })

const JsonResponse = z.object({
  reqIdentifier: z.number(),
  msgIncr: z.string(),
  operationID: z.string(),
  errCode: z.number(),
  errMsg: z.string(),
  data: z.string().nullable(),
})

/** A request without an answer: the socket closed first, or the time ran out. The server may have done it. */
export class NoAnswer extends Error {}

/** One connection of a device, light enough for a hundred of them in one process. */
export class SoakSocket {
  readonly #socket: WebSocket
  readonly #options: SocketOptions
  readonly #pending = new Map<string, { resolve(response: WsResponse): void; reject(error: Error): void }>()
  #onPush: (response: WsResponse) => void = () => {}
  readonly closed: Promise<void>

  /** @throws NoAnswer when the server cannot be reached, Error when it refuses the connection */
  static async connect(options: SocketOptions, onPush: (response: WsResponse) => void): Promise<SoakSocket> {
    const socket = new SoakSocket(options)
    socket.#onPush = onPush
    await socket.#handshake()
    return socket
  }

  private constructor(options: SocketOptions) {
    this.#options = options
    this.#socket = new WebSocket(addressOf(options), { perMessageDeflate: false, maxPayload: 0 })
    this.#socket.on('error', () => {})
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    void this.closed.then(() => {
      for (const { reject } of this.#pending.values()) reject(new NoAnswer('the socket closed'))
      this.#pending.clear()
    })
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** Ends the TCP connection without a close frame, as a tunnel or a lift does. */
  async cut(): Promise<void> {
    this.#socket.terminate()
    await this.closed
  }

  /** @throws NoAnswer */
  request(reqIdentifier: number, data: Uint8Array): Promise<WsResponse> {
    const { userID } = this.#options
    const msgIncr = `${userID}_${randomUUID()}`
    const request = { reqIdentifier, token: '', sendID: userID, operationID: randomUUID(), msgIncr, data }
    const { promise, resolve, reject } = Promise.withResolvers<WsResponse>()
    const timer = setTimeout(() => reject(new NoAnswer('no answer in time')), REQUEST_TIMEOUT_MS)
    this.#pending.set(msgIncr, { resolve, reject })
    const frame =
      this.#options.envelope === 'json'
        ? Buffer.from(JSON.stringify({ ...request, data: Buffer.from(data).toString('base64') }))
        : gzipSync(encodeGobRequest(request), { level: 1 })
    if (this.isOpen) this.#socket.send(frame)
    else reject(new NoAnswer('the socket is closed'))
    return promise.finally(() => {
      clearTimeout(timer)
      this.#pending.delete(msgIncr)
    })
  }

  async #handshake(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new NoAnswer('no handshake in time')), CONNECT_TIMEOUT_MS)
    this.#socket.once('close', () => reject(new NoAnswer('closed before the handshake')))
    this.#socket.on('message', (data, isBinary) => {
      const bytes = Buffer.from(data as Buffer)
      if (isBinary) {
        this.#receive(bytes)
        return
      }
      const { errCode, errMsg } = Handshake.parse(JSON.parse(bytes.toString()))
      if (errCode === 0) resolve()
      else reject(new Error(`the connection was refused: ${errCode} ${errMsg}`))
    })
    try {
      await promise
    } catch (error) {
      this.#socket.terminate()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #receive(bytes: Buffer): void {
    const response = this.#decode(bytes)
    const pending = this.#pending.get(response.msgIncr)
    if (response.msgIncr !== '' && pending) pending.resolve(response)
    else this.#onPush(response)
  }

  #decode(bytes: Buffer): WsResponse {
    if (this.#options.envelope === 'gob') return decodeGobResponse(gunzipSync(bytes))
    const response = JsonResponse.parse(JSON.parse(bytes.toString()))
    return { ...response, data: new Uint8Array(Buffer.from(response.data ?? '', 'base64')) }
  }
}

function addressOf({ wsUrl, userID, token, platformID, envelope }: SocketOptions): string {
  const url = new URL('/', wsUrl)
  const parameters = {
    sendID: userID,
    token,
    platformID: String(platformID),
    operationID: randomUUID(),
    isBackground: 'false',
    isMsgResp: 'true',
    ...(envelope === 'json' ? { sdkType: 'js' } : { compression: 'gzip' }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}
