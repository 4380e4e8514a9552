import { afterAll, afterEach, beforeAll } from 'vitest'
import type { Client } from './client.ts'
import { type Build, JsClient } from './js-client.ts'
import { RawClient, type RawOptions } from './raw-client.ts'
import { fresh, PLATFORM, type Rest, rest } from './rest.ts'
import { type Server, type ServerOptions, startServer } from './server.ts'
import { BrowserRig, WasmClient } from './wasm-client.ts'

interface DeviceOptions {
  /** Absent: the scene's server. */
  server?: Pick<Server, 'url' | 'wsUrl'>
  platformID?: number
  /** Absent: the user's token for that platform. */
  token?: string
  /** Stays logged in for all tests of the file, where a login for each test would take too long. */
  keepLoggedIn?: boolean
}

const LOG_TAIL = 6_000

/**
 * One server and, on request, one browser for a test file. The tests share them and use different users. The devices
 * of a test are closed after it, and a failing test prints the server's log.
 */
export class Scene {
  readonly server: Server
  readonly rest: Rest
  readonly #browser: BrowserRig | null
  readonly #tokens = new Map<string, Promise<string>>()
  readonly #open = new Set<Closable>()
  readonly #keepLoggedIn = new Set<Closable>()

  constructor(server: Server, browser: BrowserRig | null) {
    this.server = server
    this.rest = rest(server)
    this.#browser = browser
  }

  /** Registers users of these names; their IDs are the names with a unique suffix. */
  async users<const N extends readonly string[]>(...names: N): Promise<{ [K in keyof N]: string }> {
    const userIDs = names.map(fresh)
    await this.rest.register(...userIDs)
    return userIDs as { [K in keyof N]: string }
  }

  /** The token of a user on a platform, requested once: a second token would invalidate the first. */
  token(userID: string, platformID: number): Promise<string> {
    const key = `${userID} ${platformID}`
    const token = this.#tokens.get(key) ?? this.rest.userToken(userID, platformID)
    this.#tokens.set(key, token)
    return token
  }

  /** A new login of a user who may have one: it ends the earlier login of the platform. */
  newLogin(userID: string, platformID: number): Promise<string> {
    return this.rest.userToken(userID, platformID)
  }

  /** The JS SDK, logged in and synced. */
  async js(userID: string, options: DeviceOptions & { build?: Build } = {}): Promise<JsClient> {
    const { build } = options
    const client = await JsClient.login({ ...(await this.#login(userID, options)), ...(build ? { build } : {}) })
    return this.#synced(client, options)
  }

  /** The wasm SDK on a fresh device, logged in and synced. */
  async wasm(userID: string, options: DeviceOptions = {}): Promise<WasmClient> {
    if (!this.#browser) throw new Error('this scene has no browser')
    const login = await this.#login(userID, options)
    return this.#synced(await WasmClient.login({ ...login, browser: this.#browser }), options)
  }

  /** The SDK of that name, logged in and synced. */
  device(sdk: SdkName, userID: string, options: DeviceOptions = {}): Promise<JsClient | WasmClient> {
    return sdk === 'client-sdk' ? this.js(userID, options) : this.wasm(userID, options)
  }

  /** The SDK of that name with the given token; returns after the login call, before the sync. */
  async startLogin(sdk: SdkName, userID: string, token: string, platformID: number = PLATFORM.web): Promise<Client> {
    const options = { server: this.server, userID, token, platformID }
    if (sdk === 'client-sdk') return this.#track(await JsClient.login(options))
    if (!this.#browser) throw new Error('this scene has no browser')
    return this.#track(await WasmClient.login({ ...options, browser: this.#browser }))
  }

  /** Opens the app again on a wasm device that is offline, until it has synced again. */
  async reopen(client: WasmClient, options: DeviceOptions = {}): Promise<void> {
    const { mark } = client.events
    await client.reopen(await this.#login(client.userID, { platformID: client.platformID, ...options }))
    await client.untilSynced(mark)
  }

  /** Our own client on an accepted connection. */
  async raw(userID: string, options: Partial<RawOptions> = {}): Promise<RawClient> {
    return this.#track(await RawClient.login({ ...(await this.#login(userID, options)), ...options }))
  }

  /** Our own client, which may be refused: the test checks its handshake. */
  async connect(userID: string, options: Partial<RawOptions> = {}): Promise<RawClient> {
    return this.#track(new RawClient({ ...(await this.#login(userID, options)), ...options }))
  }

  async closeClients(): Promise<void> {
    const clients = [...this.#open]
    this.#open.clear()
    await Promise.all(clients.map((client) => client.close()))
  }

  async close(): Promise<void> {
    await this.closeClients()
    await Promise.all([...this.#keepLoggedIn].map((client) => client.close()))
    await Promise.all([this.#browser?.stop(), this.server.remove()])
  }

  async #login(userID: string, { server = this.server, platformID = PLATFORM.web, token }: DeviceOptions) {
    return { server, userID, platformID, token: token ?? (await this.token(userID, platformID)) }
  }

  async #synced<C extends JsClient | WasmClient>(client: C, { keepLoggedIn }: DeviceOptions): Promise<C> {
    if (keepLoggedIn) this.#keepLoggedIn.add(client)
    else this.#track(client)
    await client.untilSynced()
    return client
  }

  #track<C extends Closable>(client: C): C {
    this.#open.add(client)
    return client
  }
}

interface Closable {
  close(): Promise<unknown>
}

export type SdkName = 'client-sdk' | 'wasm-client-sdk'
export const SDKS: readonly SdkName[] = ['client-sdk', 'wasm-client-sdk']

/** The other one of the two SDKs. */
export function otherThan(sdk: SdkName): SdkName {
  return sdk === 'client-sdk' ? 'wasm-client-sdk' : 'client-sdk'
}

/**
 * Deletes messages or clears conversations as newer SDKs do: the server notifies the user's other devices, or with
 * `toAll` all devices of the conversation. The SDKs of these tests never request a notification.
 */
export async function deleteWithSync(
  scene: Scene,
  { userID, platformID }: { userID: string; platformID: number },
  path: '/msg/delete_msgs' | '/msg/clear_conversation_msg',
  asked: object,
  toAll = false,
): Promise<void> {
  const deleteSyncOpt = { IsSyncSelf: true, IsSyncOther: toAll }
  const token = await scene.token(userID, platformID)
  const answer = await scene.rest.post(path, { ...asked, userID, deleteSyncOpt }, { token })
  if (answer.errCode !== 0) throw new Error(`${path}: ${JSON.stringify(answer)}`)
}

/** Sets up a scene for the tests of a file. Call it at the top level and use the result inside the tests. */
export function useScene(options: { browser?: boolean; server?: ServerOptions } = {}): Scene {
  let scene: Scene | null = null
  beforeAll(async () => {
    const [server, browser] = await Promise.allSettled([
      startServer(options.server),
      options.browser ? BrowserRig.start() : null,
    ])
    if (server.status === 'fulfilled' && browser.status === 'fulfilled') {
      scene = new Scene(server.value, browser.value)
      return
    }
    // If one of the two did not start, the other must not keep running.
    if (server.status === 'fulfilled') await server.value.remove()
    if (browser.status === 'fulfilled') await browser.value?.stop()
    throw [server, browser].find((half) => half.status === 'rejected')?.reason
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(`server log:\n${scene?.server.logs.slice(-LOG_TAIL)}`)
    await scene?.closeClients()
  })
  afterAll(() => scene?.close())
  return new Proxy({} as Scene, {
    get(_target, name) {
      if (!scene) throw new Error('the scene exists inside tests only')
      const value = Reflect.get(scene, name, scene) as unknown
      return typeof value === 'function' ? value.bind(scene) : value
    },
  })
}
