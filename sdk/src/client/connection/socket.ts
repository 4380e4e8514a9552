import type { WsResponse } from '../../../../src/protocol/envelope/frame.ts'
import { JS_PING_TEXT } from '../../../../src/protocol/envelope/ping.ts'
import { ClientFailure, refusal } from '../errors.ts'
import { decodeResponse, encodeRequest } from './frames.ts'

const CONNECT_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 15_000
const PING_INTERVAL_MS = 20_000
const PONG_TIMEOUT_MS = 10_000

export interface SocketOptions {
  ws: string
  userID: string
  token: string
  platformID: number
  onPush(push: WsResponse): void
  onClose(): void
}

/** One WebSocket of one login, from the handshake to the close. */
export class Socket {
  readonly #socket: WebSocket
  readonly #options: SocketOptions
  readonly #waiting = new Map<string, { resolve(response: WsResponse): void; reject(error: Error): void }>()
  #lastFrameTime = Date.now()
  #pingTimer: ReturnType<typeof setTimeout> | undefined
  #isOpen = false
  #isClosed = false

  /**
   * Connects and waits for the answer to the handshake.
   * @throws ClientFailure with the reason `token` when the token is refused
   */
  static async open(options: SocketOptions): Promise<Socket> {
    const socket = new Socket(options)
    await socket.#handshake()
    return socket
  }

  private constructor(options: SocketOptions) {
    this.#options = options
    const url = new URL(options.ws)
    const { userID, token, platformID } = options
    const query = { sendID: userID, token, platformID, operationID: newID(), isBackground: false, isMsgResp: true }
    for (const [name, value] of Object.entries({ ...query, sdkType: 'js' })) url.searchParams.set(name, String(value))
    this.#socket = new WebSocket(url)
    this.#socket.binaryType = 'arraybuffer'
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Milliseconds since the server was last heard of. */
  get silenceMs(): number {
    return Date.now() - this.#lastFrameTime
  }

  async request(reqIdentifier: number, data: Uint8Array, operationID = newID()): Promise<Uint8Array> {
    if (!this.#isOpen) throw new ClientFailure('network', 'the connection is closed; the request was not sent')
    const msgIncr = newID()
    const answer = new Promise<WsResponse>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(msgIncr)
        reject(new ClientFailure('timeout', `request ${reqIdentifier} got no answer in ${REQUEST_TIMEOUT_MS / 1000} s`))
        // A socket that loses answers may be dead without a close: find out.
        this.probe(PONG_TIMEOUT_MS)
      }, REQUEST_TIMEOUT_MS)
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer)
          this.#waiting.delete(msgIncr)
          settle(value)
        }
      }
      this.#waiting.set(msgIncr, { resolve: settled(resolve), reject: settled(reject) })
    })
    this.#socket.send(encodeRequest({ reqIdentifier, msgIncr, sendID: this.#options.userID, operationID, data }))
    const response = await answer
    if (response.errCode !== 0) throw refusal(`request ${reqIdentifier}`, response.errCode, response.errMsg)
    return response.data
  }

  /** Sends a ping, and closes the socket if the server sends nothing in `timeoutMs`. */
  probe(timeoutMs: number): void {
    if (!this.#isOpen) return
    const since = Date.now()
    this.#socket.send(JS_PING_TEXT)
    setTimeout(() => {
      if (this.#isOpen && this.#lastFrameTime < since) this.close()
    }, timeoutMs)
  }

  close(): void {
    this.#socket.close()
    // A dead connection never answers the close frame: do not wait for it.
    this.#ended()
  }

  #handshake(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: ClientFailure) => {
        clearTimeout(timer)
        this.close()
        reject(error)
      }
      const timer = setTimeout(() => {
        fail(new ClientFailure('timeout', `the server did not answer in ${CONNECT_TIMEOUT_MS / 1000} s`))
      }, CONNECT_TIMEOUT_MS)
      this.#socket.addEventListener('close', ({ code }) => {
        this.#ended()
        fail(new ClientFailure('network', `the connection could not be opened, or was closed with code ${code}`))
      })
      this.#socket.addEventListener('message', ({ data }: MessageEvent) => {
        if (this.#isClosed) return
        this.#lastFrameTime = Date.now()
        if (typeof data !== 'string') return this.#receive(data as ArrayBuffer)
        if (this.#isOpen) return
        const { errCode = 0, errMsg = '' } = JSON.parse(data) as { errCode?: number; errMsg?: string }
        if (errCode !== 0) return fail(refusal('the connection', errCode, errMsg))
        clearTimeout(timer)
        this.#isOpen = true
        this.#schedulePing()
        resolve()
      })
    })
  }

  #receive(frame: ArrayBuffer): void {
    const response = decodeResponse(frame)
    const waiting = response.msgIncr === '' ? undefined : this.#waiting.get(response.msgIncr)
    if (waiting) waiting.resolve(response)
    else this.#options.onPush(response)
  }

  #schedulePing(): void {
    this.#pingTimer = setTimeout(() => {
      this.probe(PONG_TIMEOUT_MS)
      this.#schedulePing()
    }, PING_INTERVAL_MS)
  }

  #ended(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const wasOpen = this.#isOpen
    this.#isOpen = false
    clearTimeout(this.#pingTimer)
    for (const { reject } of [...this.#waiting.values()]) {
      reject(new ClientFailure('network', 'the connection was closed before the answer came'))
    }
    if (wasOpen) this.#options.onClose()
  }
}

/** A random ID of 32 hexadecimal digits, as OpenIM's clients make for messages and operations. */
export function newID(): string {
  // Not randomUUID: it exists in secure contexts only.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
