import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/*
 * A minimal WebSocket client for a load generator. It sends frames that were built in advance, masked with zeros: the
 * protocol allows that mask, and it changes no byte. Received frames are views into the bytes that were read.
 */

const OPCODE = { Text: 1, Binary: 2, Close: 8, Ping: 9, Pong: 10 } as const

const UPGRADED = 'HTTP/1.1 101'

export interface Listener {
  onBinary(payload: Buffer): void
  /** Called when the connection ends, unless this side closed it. */
  onGone(why: string): void
}

/** The bytes of one binary frame from a client. */
export function clientFrame(payload: Uint8Array, opcode: number = OPCODE.Binary): Buffer {
  const extended = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8
  const frame = Buffer.alloc(2 + extended + 4 + payload.length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (extended === 0 ? payload.length : extended === 2 ? 126 : 127)
  if (extended === 2) frame.writeUInt16BE(payload.length, 2)
  if (extended === 8) frame.writeBigUInt64BE(BigInt(payload.length), 2)
  frame.set(payload, 2 + extended + 4)
  return frame
}

export class LoadSocket {
  readonly #socket: Socket
  readonly #listener: Listener
  #rest: Buffer = Buffer.alloc(0)
  #upgraded = false
  #leaving = false
  /** Called once with the handshake's outcome. */
  #settle: (error: Error | null) => void
  readonly #awaitsText: boolean

  /**
   * Connects and waits for the upgrade and, with `greeting`, for a first text frame that reports no error.
   * @throws when the server refuses
   */
  static open(url: string, listener: Listener, greeting: boolean): Promise<LoadSocket> {
    return new Promise((resolve, reject) => {
      const socket: LoadSocket = new LoadSocket(url, listener, greeting, (error) =>
        error ? reject(error) : resolve(socket),
      )
    })
  }

  private constructor(url: string, listener: Listener, greeting: boolean, settle: (error: Error | null) => void) {
    const { hostname, port, pathname, search, host } = new URL(url)
    this.#listener = listener
    this.#awaitsText = greeting
    this.#settle = settle
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const key = randomBytes(16).toString('base64')
    this.#socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#gone(error.message))
    this.#socket.on('close', () => this.#gone('the connection was closed'))
  }

  /** Sends bytes made by `clientFrame`. */
  send(frame: Buffer): void {
    this.#socket.write(frame)
  }

  /** Collects the frames that are sent, until `uncork`. */
  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  close(): Promise<void> {
    this.#leaving = true
    if (this.#socket.destroyed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#socket.end(clientFrame(Buffer.from([0x03, 0xe8]), OPCODE.Close))
      this.#socket.setTimeout(1_000, () => this.#socket.destroy())
    })
  }

  #gone(why: string): void {
    this.#settle(new Error(why))
    if (!this.#leaving) this.#listener.onGone(why)
    this.#leaving = true
  }

  #read(chunk: Buffer): void {
    let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    if (!this.#upgraded) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) {
        this.#rest = bytes
        return
      }
      if (!bytes.toString('latin1', 0, end).startsWith(UPGRADED)) {
        this.#leaving = true
        this.#settle(new Error(`the upgrade was refused: ${bytes.toString('utf8')}`))
        this.#socket.destroy()
        return
      }
      this.#upgraded = true
      if (!this.#awaitsText) this.#settle(null)
      bytes = bytes.subarray(end + 4)
    }
    this.#rest = bytes.subarray(this.#readFrames(bytes))
  }

  /** @returns the number of bytes that belong to complete frames */
  #readFrames(bytes: Buffer): number {
    let at = 0
    while (bytes.length - at >= 2) {
      const opcode = (bytes[at] as number) & 0x0f
      let length = (bytes[at + 1] as number) & 0x7f
      let start = at + 2
      if (length === 126) {
        if (bytes.length < start + 2) break
        length = bytes.readUInt16BE(start)
        start += 2
      } else if (length === 127) {
        if (bytes.length < start + 8) break
        length = Number(bytes.readBigUInt64BE(start))
        start += 8
      }
      if (bytes.length < start + length) break
      this.#take(opcode, bytes.subarray(start, start + length))
      at = start + length
    }
    return at
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.Binary) this.#listener.onBinary(payload)
    else if (opcode === OPCODE.Text) this.#greeted(payload.toString('utf8'))
    else if (opcode === OPCODE.Ping) this.#socket.write(clientFrame(payload, OPCODE.Pong))
    else if (opcode === OPCODE.Close) {
      this.#gone(`the server closed: ${payload.subarray(2).toString('utf8')}`)
      this.#socket.end()
    }
  }

  /** OpenIM: the first text frame reports whether the connection is accepted. */
  #greeted(text: string): void {
    const { errCode, errMsg } = JSON.parse(text) as { errCode?: number; errMsg?: string }
    this.#settle(errCode === 0 ? null : new Error(`the connection was refused: ${errCode} ${errMsg}`))
  }
}
