import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { z } from 'zod'
import { launchBrowser } from './browser.ts'
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
import { EventLog, type SdkEvent, WAIT_TIMEOUT_MS } from './journal.ts'
import { type PageServer, startPageServer } from './page-server.ts'
import { sleep } from './server.ts'

const LOAD_TIMEOUT_MS = 90_000
const CALL_TIMEOUT_MS = 60_000

/** OpenIM's log level `warn`: the Go core prints errors and failed syncs, and little else. */
const LOG_LEVEL_WARN = 3

/** A browser and the web server of its page, shared by all clients of a test file. */
export class BrowserRig {
  readonly #browser: Browser
  readonly #pages: PageServer

  static async start(): Promise<BrowserRig> {
    const [browser, pages] = await Promise.all([launchBrowser(), startPageServer()])
    return new BrowserRig(browser, pages)
  }

  private constructor(browser: Browser, pages: PageServer) {
    this.#browser = browser
    this.#pages = pages
  }

  get version(): string {
    return this.#browser.version()
  }

  /** A new device: a browser profile with its own storage. */
  async newDevice(): Promise<BrowserContext> {
    const device = await this.#browser.newContext()
    // Without the Cache API, the SDK fetches its 35 MB without a copy for each device: a third of the login's time.
    await device.addInitScript('delete window.caches; delete Window.prototype.caches')
    return device
  }

  get pageUrl(): string {
    return this.#pages.url
  }

  async stop(): Promise<void> {
    await Promise.all([this.#browser.close(), this.#pages.close()])
  }
}

/** A device that runs the unmodified `@openim/wasm-client-sdk` (the Go core) in headless Chromium. */
export class WasmClient implements Client {
  readonly userID: string
  readonly platformID: number
  readonly events: EventLog
  readonly errors: string[] = []
  /** The browser's console, printed when a test fails. */
  readonly console: string[] = []
  readonly waitFor: EventLog['waitFor']
  readonly #rig: BrowserRig
  readonly #device: BrowserContext
  #page: Page | null = null
  #pendingRequests: ReadonlySet<Request> = new Set()

  get pendingCalls(): number {
    return this.#pendingRequests.size
  }

  /** Opens the page on a new device and logs in. The session is usable after `OnSyncServerFinish`. */
  static async login(options: LoginOptions & { browser: BrowserRig }): Promise<WasmClient> {
    const client = new WasmClient(options, await options.browser.newDevice())
    try {
      await client.open()
      await client.login(options)
    } catch (error) {
      await client.close()
      throw error
    }
    return client
  }

  private constructor(options: LoginOptions & { browser: BrowserRig }, device: BrowserContext) {
    this.userID = options.userID
    this.platformID = options.platformID
    this.events = new EventLog(`${options.userID} (wasm-client-sdk, platform ${options.platformID})`)
    this.waitFor = this.events.waitFor.bind(this.events)
    this.#rig = options.browser
    this.#device = device
  }

  /** Opens the app on this device, with the data that the SDK stored there earlier. */
  async open(): Promise<void> {
    const page = await this.#device.newPage()
    this.#page = page
    page.on('console', (message) => {
      const line = message.text().replace(ANSI, '').replaceAll(/ *\t/g, '\t')
      this.console.push(line)
      if (isError(message.type(), line)) this.errors.push(line)
    })
    const pendingRequests = new Set<Request>()
    this.#pendingRequests = pendingRequests
    page.on('request', (request) => pendingRequests.add(request))
    page.on('requestfinished', (request) => pendingRequests.delete(request))
    page.on('requestfailed', (request) => pendingRequests.delete(request))
    page.on('pageerror', (error) => this.errors.push(`uncaught: ${error.stack ?? error.message}`))
    page.on('crash', () => this.errors.push('the page crashed'))
    await page.exposeFunction('rigEvent', (event: SdkEvent) => this.events.push(event))
    await page.goto(this.#rig.pageUrl, { timeout: LOAD_TIMEOUT_MS })
    await page.waitForFunction('window.rigCall', undefined, { timeout: LOAD_TIMEOUT_MS })
  }

  async login({ server, userID, token, platformID }: LoginOptions): Promise<void> {
    await this.call('login', {
      userID,
      token,
      platformID,
      wsAddr: server.wsUrl,
      apiAddr: server.url,
      logLevel: LOG_LEVEL_WARN,
      // Without this option, the core does not log to the console, and a failed sync is not visible.
      isLogStandardOutput: true,
    })
  }

  async untilSynced(from = 0): Promise<this> {
    await this.waitFor('OnSyncServerFinish', undefined, undefined, from)
    await this.#untilProfileIsKnown()
    return this
  }

  /** Waits for the profile, which the core fetches separately from its sync and needs to create messages. */
  async #untilProfileIsKnown(): Promise<void> {
    const deadline = Date.now() + WAIT_TIMEOUT_MS
    while (!Self.safeParse(await this.call('getSelfUserInfo')).success) {
      if (Date.now() > deadline) throw new Error(`${this.userID}: no profile of its own\n${this.describe()}`)
      await sleep(50)
    }
  }

  /** Closes the app without a logout: the socket drops, and the data stays on the device. */
  async goOffline(): Promise<void> {
    const page = this.#page
    this.#page = null
    await page?.close()
  }

  /** Opens the app again on the same device, with its local data, and logs in. */
  async reopen(options: LoginOptions): Promise<void> {
    await this.goOffline()
    await this.open()
    await this.login(options)
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
      .parse(await this.call('getAllConversationList'))
      .map(conversationFrom)
  }

  async logout(): Promise<void> {
    await this.call('logout')
  }

  async close(): Promise<void> {
    this.#page = null
    await this.#device.close()
  }

  /** Calls any function of the SDK by its name, and rejects when the SDK does. */
  async call(method: string, ...args: unknown[]): Promise<unknown> {
    if (!this.#page) throw new Error(`${this.userID}: the app is closed`)
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => {
        reject(new Error(`${this.userID}: no answer to ${method} within ${CALL_TIMEOUT_MS} ms\n${this.describe()}`))
      }, CALL_TIMEOUT_MS).unref()
    })
    const answer = this.#page.evaluate(`window.rigCall(${JSON.stringify(method)}, ${JSON.stringify(args)})`)
    answer.catch(() => {})
    const { ok, data, error } = CallAnswer.parse(await Promise.race([answer, late]))
    if (!ok) throw new Error(`${this.userID}: the SDK refused ${method}: ${error}`)
    return data
  }

  describe(): string {
    return [this.events.describe(), ...this.console.slice(-50)].join('\n')
  }
}

const Self = z.object({ userID: z.string().min(1) })

const CallAnswer = z.object({ ok: z.boolean(), data: z.unknown().optional(), error: z.string().optional() })

/** Colours in the core's log. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour
const ANSI = /\u001b\[\d+m/g

/** The core logs through console.log with its level in the second column. A failed sync is only a warning there. */
function isError(type: string, line: string): boolean {
  if (type === 'error') return true
  const [, level = '', , , , text = ''] = line.split('\t')
  return /ERROR|FATAL|PANIC/.test(level) || (level === 'WARN' && text.includes('sync error')) || /^panic:/.test(line)
}
