import type { WsResponse } from '../../../../src/protocol/envelope/frame.ts'
import type { Lifecycle } from '../connection/lifecycle.ts'
import type { Link, LinkState } from '../connection/link.ts'
import { newID } from '../connection/socket.ts'
import { ClientFailure, failureFrom } from '../errors.ts'
import { Value } from '../observable.ts'
import type { ClientError } from '../types.ts'

const HEARTBEAT_MS = 5_000
/** A visible tab asks a leader that was silent for this long, and takes over if no answer comes. */
const SILENCE_MS = 12_000
const ANSWER_MS = 3_000
/** Longer than a request on the socket takes before it fails. */
const REQUEST_MS = 20_000

interface Failure {
  reason: ClientError['reason']
  message: string
  errCode: number
}

type Call =
  | { kind: 'request'; reqIdentifier: number; data: Uint8Array }
  | { kind: 'token' }
  | { kind: 'renew'; refused: string }

type Packet =
  | { type: 'hello' }
  | { type: 'state'; leader: string; status: LinkState['status']; retryTime?: number; failure?: Failure }
  | { type: 'push'; push: WsResponse }
  | { type: 'call'; id: string; call: Call }
  | { type: 'answer'; id: string; result?: Uint8Array | string; failure?: Failure }
  | { type: 'kicked'; failure: Failure }
  | { type: 'note'; note: unknown }

export interface SharedLinkOptions {
  /** The same for all tabs of one login. */
  name: string
  lifecycle: Lifecycle
  /** The socket that this tab opens when it leads. */
  own: Link
}

/** Whether the tabs of this environment can share a socket. */
export function canShareTabs(): boolean {
  return typeof BroadcastChannel === 'function' && typeof navigator === 'object' && navigator.locks !== undefined
}

/**
 * One socket for all tabs of a browser. The tab that holds the lock leads: it owns the socket, passes every push on, and
 * makes the requests of the others. When it closes, freezes or falls silent, the next tab takes the lock.
 */
export class SharedLink implements Link {
  readonly state = new Value<LinkState>({ status: 'idle' })
  onPush: (push: WsResponse) => void = () => {}
  onNote: (note: unknown) => void = () => {}
  isLeader = false
  readonly isShared = true
  readonly #options: SharedLinkOptions
  readonly #waiting = new Map<string, { resolve(result: Uint8Array | string): void; reject(error: Error): void }>()
  #channel: BroadcastChannel | undefined
  #leader = ''
  readonly #id = newID()
  #heardAt = 0
  /** Ends the wait for the lock, or gives it back. */
  #leave: (() => void) | undefined
  #heartbeat: ReturnType<typeof setInterval> | undefined
  #unsubscribe: (() => void) | undefined

  constructor(options: SharedLinkOptions) {
    this.#options = options
    options.own.onPush = (push) => {
      this.onPush(push)
      this.#post({ type: 'push', push })
    }
    options.own.state.subscribe(() => this.isLeader && this.#onOwnState(options.own.state.get()))
  }

  start(): void {
    if (this.#channel) return
    this.state.set({ status: 'connecting' })
    this.#join()
    this.#unsubscribe = this.#options.lifecycle.subscribe((event) => {
      // Browsers do not keep a page with a lock for the way back, and a frozen leader gives no answer.
      if (event === 'freeze') this.#part({ status: 'reconnecting' })
      else if ((event === 'resume' || event === 'visible') && !this.#channel) this.#join()
      else if (event === 'visible') void this.#checkLeader()
    })
  }

  stop(): void {
    this.#end({ status: 'idle' })
  }

  kicked(error: ClientError): void {
    const failure = failureOf(error)
    if (!this.#channel) return
    if (this.isLeader) this.#options.own.kicked(error)
    else {
      this.#post({ type: 'kicked', failure })
      this.#end({ status: 'kicked', error })
    }
  }

  async request(reqIdentifier: number, data: Uint8Array): Promise<Uint8Array> {
    if (this.isLeader) return this.#options.own.request(reqIdentifier, data)
    return (await this.#call({ kind: 'request', reqIdentifier, data })) as Uint8Array
  }

  /** All tabs use the token of the leader: a second one could end the login of the first. */
  async token(): Promise<string> {
    if (this.isLeader || !this.#leader) return this.#options.own.token()
    return (await this.#call({ kind: 'token' })) as string
  }

  async renewToken(refused: string): Promise<string> {
    if (this.isLeader || !this.#leader) return this.#options.own.renewToken(refused)
    return (await this.#call({ kind: 'renew', refused })) as string
  }

  note(note: unknown): void {
    this.#post({ type: 'note', note })
  }

  #join(): void {
    const channel = new BroadcastChannel(this.#options.name)
    this.#channel = channel
    channel.onmessage = ({ data }: MessageEvent<Packet>) => this.#onPacket(data)
    this.#heardAt = Date.now()
    this.#post({ type: 'hello' })
    this.#heartbeat = setInterval(() => {
      if (this.isLeader) this.#postState()
      else void this.#checkLeader()
    }, HEARTBEAT_MS)
    void this.#lead({})
  }

  /** Waits for the lock, and leads as long as this tab holds it. */
  async #lead(options: { steal?: true }): Promise<void> {
    this.#leave?.()
    const ended = new AbortController()
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const leave = () => {
      ended.abort()
      release()
    }
    this.#leave = leave
    const isCurrent = () => this.#leave === leave
    try {
      // A lock that is stolen cannot be waited for, so it takes no signal.
      const request = options.steal ? { steal: true } : { signal: ended.signal }
      await navigator.locks.request(this.#options.name, request, async () => {
        if (!isCurrent()) return
        this.isLeader = true
        this.#leader = this.#id
        this.#rejectWaiting()
        this.#options.own.start()
        await released
      })
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error
      if (!isCurrent()) return
      // Another tab has stolen the lock: follow it, and wait for the next turn.
      this.#stepDown()
      void this.#lead({})
    }
  }

  #stepDown(): void {
    if (!this.isLeader) return
    this.isLeader = false
    this.#leader = ''
    this.#options.own.stop()
    this.#heardAt = Date.now()
    this.state.set({ status: 'reconnecting' })
    this.#post({ type: 'hello' })
  }

  /** A visible tab does not wait for a leader that sleeps. */
  async #checkLeader(): Promise<void> {
    if (this.isLeader || !this.#channel || !this.#options.lifecycle.isVisible) return
    if (Date.now() - this.#heardAt < SILENCE_MS) return
    const askedAt = Date.now()
    this.#post({ type: 'hello' })
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS))
    if (this.#heardAt < askedAt && this.#channel && !this.isLeader) void this.#lead({ steal: true })
  }

  #onPacket(packet: Packet): void {
    switch (packet.type) {
      case 'hello':
        if (this.isLeader) this.#postState()
        return
      case 'state':
        this.#onLeaderState(packet)
        return
      case 'push':
        if (!this.isLeader) this.onPush(packet.push)
        return
      case 'call':
        if (this.isLeader) void this.#answer(packet.id, packet.call)
        return
      case 'answer': {
        const waiting = this.#waiting.get(packet.id)
        if (packet.failure) waiting?.reject(errorOf(packet.failure))
        else waiting?.resolve(packet.result ?? '')
        return
      }
      case 'kicked':
        if (this.isLeader) this.#options.own.kicked(errorOf(packet.failure))
        return
      case 'note':
        this.onNote(packet.note)
    }
  }

  #onLeaderState({ leader, status, retryTime, failure }: Packet & { type: 'state' }): void {
    if (this.isLeader) return
    this.#heardAt = Date.now()
    const known = this.state.get()
    const isSame = leader === this.#leader && status === known.status && retryTime === known.retryTime
    if (leader !== this.#leader) this.#rejectWaiting()
    this.#leader = leader
    if (isSame) return
    const state: LinkState = { status }
    if (retryTime !== undefined) state.retryTime = retryTime
    if (failure) state.error = errorOf(failure)
    // The tabs behind a kicked leader must not log in again one after the other.
    if (status === 'kicked' || status === 'signed-out') this.#end(state)
    else if (status !== 'idle') this.state.set(state)
  }

  #onOwnState(state: LinkState): void {
    this.#postState()
    if (state.status === 'kicked' || state.status === 'signed-out') this.#end(state)
    else if (state.status !== 'idle') this.state.set(state)
  }

  async #answer(id: string, call: Call): Promise<void> {
    const { own } = this.#options
    try {
      const result =
        call.kind === 'request'
          ? await own.request(call.reqIdentifier, call.data)
          : call.kind === 'token'
            ? await own.token()
            : await own.renewToken(call.refused)
      this.#post({ type: 'answer', id, result })
    } catch (error) {
      this.#post({ type: 'answer', id, failure: failureOf(failureFrom(error, 'the request')) })
    }
  }

  #call(call: Call): Promise<Uint8Array | string> {
    if (!this.#channel) return Promise.reject(new ClientFailure('network', 'there is no connection'))
    const id = newID()
    return new Promise((resolve, reject) => {
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer)
          this.#waiting.delete(id)
          settle(value)
        }
      }
      const waiting = { resolve: settled(resolve), reject: settled(reject) }
      const timer = setTimeout(() => {
        waiting.reject(new ClientFailure('timeout', 'the tab with the connection did not answer'))
      }, REQUEST_MS)
      this.#waiting.set(id, waiting)
      this.#post({ type: 'call', id, call })
    })
  }

  #rejectWaiting(): void {
    for (const { reject } of [...this.#waiting.values()]) {
      reject(new ClientFailure('network', 'the tab with the connection was closed'))
    }
  }

  #postState(): void {
    const { status, retryTime, error } = this.#options.own.state.get()
    this.#post({
      type: 'state',
      leader: this.#id,
      status,
      ...(retryTime === undefined ? {} : { retryTime }),
      ...(error ? { failure: failureOf(error) } : {}),
    })
  }

  #post(packet: Packet): void {
    this.#channel?.postMessage(packet)
  }

  #end(state: LinkState): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#part(state)
  }

  /** Leaves the other tabs. */
  #part(state: LinkState): void {
    clearInterval(this.#heartbeat)
    const leave = this.#leave
    this.#leave = undefined
    this.isLeader = false
    this.#leader = ''
    this.#options.own.stop()
    this.#channel?.close()
    this.#channel = undefined
    this.#rejectWaiting()
    leave?.()
    this.state.set(state)
  }
}

function failureOf({ reason, message, errCode }: ClientError): Failure {
  return { reason, message, errCode }
}

function errorOf({ reason, message, errCode }: Failure): ClientFailure {
  return new ClientFailure(reason, message, errCode)
}
