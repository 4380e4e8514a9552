import { WsRequestID } from '../../../../src/protocol/constants/ws-request.ts'
import type { WsResponse } from '../../../../src/protocol/envelope/frame.ts'
import { ClientFailure, failureFrom, isKickedCode } from '../errors.ts'
import { Value } from '../observable.ts'
import type { ClientError, Observable } from '../types.ts'
import { Backoff } from './backoff.ts'
import type { Lifecycle, LifecycleEvent } from './lifecycle.ts'
import { Socket } from './socket.ts'
import type { TokenSource } from './token.ts'

/** A connection resets the waiting times once it has lasted this long. */
const STABLE_MS = 60_000
/** A visible page probes a socket that was silent for longer than this. */
const SILENCE_MS = 15_000
const VISIBLE_PROBE_MS = 4_000

export interface LinkState {
  status: 'idle' | 'connecting' | 'open' | 'reconnecting' | 'offline' | 'kicked' | 'signed-out'
  retryTime?: number
  error?: ClientError
}

/** The way to the server: a socket of this tab, or that of another tab. */
export interface Link {
  readonly state: Observable<LinkState>
  onPush: (push: WsResponse) => void
  /** Receives what another tab passed to `note`. */
  onNote: (note: unknown) => void
  /** Whether this tab owns the socket, and sends the messages of all tabs. */
  readonly isLeader: boolean
  readonly isShared: boolean
  start(): void
  stop(): void
  /** Rejects at once when there is no connection. */
  request(reqIdentifier: number, data: Uint8Array): Promise<Uint8Array>
  token(): Promise<string>
  /** Another token than the refused one. */
  renewToken(refused: string): Promise<string>
  /** Ends the use of a token that another login displaced. */
  kicked(error: ClientError): void
  /** Passes something on to the other tabs. */
  note(note: unknown): void
}

export interface LinkOptions {
  ws: string
  userID: string
  platformID: number
  tokens: TokenSource
  lifecycle: Lifecycle
  backoff?: Backoff
}

/** Keeps one socket open, and opens the next one when it breaks. */
export class SocketLink implements Link {
  readonly state: Value<LinkState> = new Value<LinkState>({ status: 'idle' })
  onPush: (push: WsResponse) => void = () => {}
  onNote: (note: unknown) => void = () => {}
  readonly isLeader = true
  readonly isShared = false
  readonly #options: LinkOptions
  readonly #backoff: Backoff
  #socket: Socket | undefined
  /** The number of the current run: a stopped run must not touch the state of its successor. */
  #run = 0
  #isFrozen = false
  #wake: (() => void) | undefined
  #unsubscribe: (() => void) | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#backoff = options.backoff ?? new Backoff()
  }

  start(): void {
    if (this.#unsubscribe) return
    this.#backoff.reset()
    this.#unsubscribe = this.#options.lifecycle.subscribe((event) => this.#onLifecycle(event))
    void this.#connectForever(++this.#run)
  }

  stop(): void {
    this.#end({ status: 'idle' })
  }

  kicked(error: ClientError): void {
    if (this.#unsubscribe) this.#end({ status: 'kicked', error })
  }

  /** There are no other tabs. */
  note(): void {}

  async request(reqIdentifier: number, data: Uint8Array): Promise<Uint8Array> {
    if (!this.#socket) throw new ClientFailure('network', 'there is no connection; the request was not sent')
    return this.#socket.request(reqIdentifier, data)
  }

  token(): Promise<string> {
    return this.#options.tokens.get()
  }

  renewToken(refused: string): Promise<string> {
    return this.#options.tokens.renew(refused)
  }

  async #connectForever(run: number): Promise<void> {
    const isCurrent = () => run === this.#run
    let status: 'connecting' | 'reconnecting' = 'connecting'
    let refusedTokens = 0
    while (isCurrent()) {
      if (!this.#options.lifecycle.isOnline || this.#isFrozen) {
        this.state.set({ status: this.#isFrozen ? 'reconnecting' : 'offline' })
        await this.#sleep(undefined)
        continue
      }
      this.state.set({ status })
      let error: ClientFailure
      try {
        await this.#connectOnce(isCurrent, refusedTokens > 0)
        refusedTokens = 0
        error = new ClientFailure('network', 'the connection was closed')
      } catch (thrown) {
        error = failureFrom(thrown, 'the connection')
      }
      if (!isCurrent()) return
      status = 'reconnecting'
      if (isKickedCode(error.errCode)) return this.#end({ status: 'kicked', error })
      if (error.reason === 'token') {
        refusedTokens++
        // A second refusal in a row: the app's function gives no better token either.
        if (refusedTokens > 1 || error.errCode === 0) return this.#end({ status: 'signed-out', error })
        continue
      }
      if (!this.#options.lifecycle.isOnline || this.#isFrozen) continue
      const delayMs = this.#backoff.nextMs()
      this.state.set({ status, retryTime: Date.now() + delayMs, error })
      await this.#sleep(delayMs)
    }
  }

  /** Resolves when a connection that was open has ended. */
  async #connectOnce(isCurrent: () => boolean, isTokenRefused: boolean): Promise<void> {
    const { tokens, ws, userID, platformID } = this.#options
    const known = await tokens.get()
    const token = isTokenRefused ? await tokens.renew(known) : known
    if (!isCurrent()) return
    let onClose = () => {}
    const closed = new Promise<void>((resolve) => {
      onClose = resolve
    })
    const onPush = (push: WsResponse) => {
      if (push.reqIdentifier !== WsRequestID.KickOnlineMsg) return isCurrent() && this.onPush(push)
      this.kicked(new ClientFailure('token', 'another login of this user displaced this one', 1506))
    }
    const socket = await Socket.open({ ws, userID, token, platformID, onPush, onClose })
    if (!isCurrent() || this.#isFrozen) return socket.close()
    this.#socket = socket
    const openedAt = Date.now()
    this.state.set({ status: 'open' })
    await closed
    if (this.#socket === socket) this.#socket = undefined
    if (Date.now() - openedAt > STABLE_MS) this.#backoff.reset()
  }

  #end(state: LinkState): void {
    this.#run++
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    this.#wake?.()
    this.state.set(state)
  }

  #onLifecycle(event: LifecycleEvent): void {
    this.#isFrozen = event === 'freeze' || (this.#isFrozen && event !== 'resume' && event !== 'visible')
    switch (event) {
      case 'freeze':
        this.#socket?.close()
        return
      case 'offline':
        // A socket may survive a short gap: only a probe finds out. Without a socket, waiting begins now.
        if (this.#socket) this.#socket.probe(VISIBLE_PROBE_MS)
        else this.#wake?.()
        return
      case 'online':
      case 'resume':
      case 'visible':
        if (event === 'online') this.#backoff.reset()
        if (this.#socket && this.#socket.silenceMs > SILENCE_MS) this.#socket.probe(VISIBLE_PROBE_MS)
        this.#wake?.()
    }
  }

  /** Waits for a time or for an event that makes an attempt worth it. */
  #sleep(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
