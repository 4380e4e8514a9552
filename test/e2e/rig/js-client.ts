import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import {
  type Client,
  type Conversation,
  chatIDOf,
  conversationFrom,
  type LoginOptions,
  type Message,
  messageFrom,
  readHistory,
} from './client.ts'
import { EventLog, type SdkEvent } from './journal.ts'

/** A call to the SDK inside the thread. */
export interface ToThread {
  id: number
  method: string
  args: unknown[]
}

export type FromThread =
  | { type: 'ready' }
  | { type: 'event'; event: SdkEvent }
  | { type: 'log'; level: string; text: string }
  | { type: 'pending'; count: number }
  | { type: 'answer'; id: number; ok: true; data: unknown }
  | { type: 'answer'; id: number; ok: false; error: string }

export interface ThreadData {
  build: Build
}

/**
 * The file of the package that runs: Node resolves `main`; bundlers and the package's authors use `modern`. The ES5
 * `main` throws while it pulls missed messages after a reconnect, so tests that reconnect use `modern`.
 */
export type Build = 'main' | 'modern'

const CALL_TIMEOUT_MS = 60_000

/** A device that runs the unmodified `@openim/client-sdk` in Node. */
export class JsClient implements Client {
  readonly userID: string
  readonly platformID: number
  readonly events: EventLog
  readonly errors: string[] = []
  readonly warnings: string[] = []
  readonly waitFor: EventLog['waitFor']
  pendingCalls = 0
  readonly #worker: Worker
  readonly #calls = new Map<number, { resolve: (data: unknown) => void; reject: (error: Error) => void }>()
  readonly #ready: Promise<void>
  #lastCall = 0

  /** Starts a device and logs in. The session is usable after `OnSyncServerFinish`, see `untilSynced`. */
  static async login(options: LoginOptions & { build?: Build }): Promise<JsClient> {
    const client = new JsClient(options)
    try {
      await client.login(options)
    } catch (error) {
      await client.close()
      throw error
    }
    return client
  }

  constructor(options: Pick<LoginOptions, 'userID' | 'platformID'> & { build?: Build }) {
    this.userID = options.userID
    this.platformID = options.platformID
    this.events = new EventLog(`${options.userID} (client-sdk, platform ${options.platformID})`)
    this.waitFor = this.events.waitFor.bind(this.events)
    const workerData: ThreadData = { build: options.build ?? 'main' }
    this.#worker = new Worker(join(import.meta.dirname, 'js-client-thread.ts'), { workerData, execArgv: [] })
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromThread) => {
        if (message.type === 'ready') resolve()
        else this.#take(message)
      })
      this.#worker.on('error', (error) => {
        this.errors.push(`thread: ${error}`)
        reject(error)
      })
      this.#worker.on('exit', () => {
        for (const { reject } of this.#calls.values()) reject(new Error(`${this.userID}: the device was closed`))
        this.#calls.clear()
      })
    })
    this.#ready.catch(() => {})
  }

  async login({ server, userID, token, platformID }: LoginOptions): Promise<void> {
    await this.call('login', { userID, token, platformID, wsAddr: server.wsUrl, apiAddr: server.url })
  }

  async untilSynced(): Promise<this> {
    await this.waitFor('OnSyncServerFinish')
    return this
  }

  async sendText(to: string, text: string): Promise<Message> {
    const message = await this.call('createTextMessage', text)
    return messageFrom(await this.call('sendMessage', { recvID: to, groupID: '', message }))
  }

  history(withUserID: string): Promise<Message[]> {
    return readHistory(this, chatIDOf(this.userID, withUserID))
  }

  async conversations(): Promise<Conversation[]> {
    return z
      .array(z.unknown())
      .parse(await this.call('getConversationListSplit', { offset: 0, count: 100 }))
      .map(conversationFrom)
  }

  async logout(): Promise<void> {
    await this.call('logout')
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Calls any function of the SDK by its name, and rejects when the SDK does. */
  async call(method: string, ...args: unknown[]): Promise<unknown> {
    await this.#ready
    const id = ++this.#lastCall
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(id)
        reject(
          new Error(`${this.userID}: no answer to ${method} within ${CALL_TIMEOUT_MS} ms\n${this.events.describe()}`),
        )
      }, CALL_TIMEOUT_MS)
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          then(value)
        }
      this.#calls.set(id, { resolve: settle(resolve), reject: settle(reject) })
      this.#worker.postMessage({ id, method, args } satisfies ToThread)
    })
  }

  #take(message: Exclude<FromThread, { type: 'ready' }>): void {
    if (message.type === 'event') this.events.push(message.event)
    if (message.type === 'pending') this.pendingCalls = message.count
    if (message.type === 'log' && message.level === 'error') this.errors.push(message.text)
    if (message.type === 'log' && message.level === 'warn') this.warnings.push(message.text)
    if (message.type === 'answer') {
      const call = this.#calls.get(message.id)
      this.#calls.delete(message.id)
      if (message.ok) call?.resolve(message.data)
      else call?.reject(new Error(`${this.userID}: the SDK refused: ${message.error}`))
    }
  }
}
