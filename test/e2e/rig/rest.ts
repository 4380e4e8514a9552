import { randomUUID } from 'node:crypto'
import type { Server } from './server.ts'

/** The form of every REST answer of OpenIM; `data` is absent on an error. */
export interface Envelope<T> {
  errCode: number
  errMsg: string
  errDlt: string
  data?: T
}

export interface PostOptions {
  token?: string
  /** Absent: a new one. `null` omits the header. */
  operationID?: string | null
}

/** Platforms of the tests, with OpenIM's numbers. */
export const PLATFORM = { ios: 1, android: 2, windows: 3, web: 5, linux: 7, ipad: 9 } as const

export const ADMIN_USER_ID = 'imAdmin'
export const LOCAL_SECRET = 'openIM123'

/** REST calls of an app's backend, with the admin's token. */
export function rest(server: Pick<Server, 'url'>): Rest {
  return new Rest(server)
}

export class Rest {
  readonly #server: Pick<Server, 'url'>
  #adminToken: Promise<string> | null = null

  constructor(server: Pick<Server, 'url'>) {
    this.#server = server
  }

  /** Sends one POST; like OpenIM, the server answers every call with an envelope. */
  async post<T = unknown>(path: string, body: unknown, options: PostOptions = {}): Promise<Envelope<T>> {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    if (options.operationID !== null) headers.operationID = options.operationID ?? randomUUID()
    if (options.token !== undefined) headers.token = options.token
    const response = await fetch(this.#server.url + path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return (await response.json()) as Envelope<T>
  }

  /** The admin's token, fetched once per server. */
  adminToken(): Promise<string> {
    this.#adminToken ??= this.#tokenFrom('/auth/get_admin_token', { secret: LOCAL_SECRET, userID: ADMIN_USER_ID })
    return this.#adminToken
  }

  /** Registers users whose nickname is their userID with a capital letter. */
  async register(...userIDs: string[]): Promise<void> {
    const users = userIDs.map((userID) => ({ userID, nickname: nicknameOf(userID), faceURL: '' }))
    expectOk(await this.post('/user/user_register', { users }, { token: await this.adminToken() }))
  }

  async userToken(userID: string, platformID: number): Promise<string> {
    return this.#tokenFrom('/auth/get_user_token', { userID, platformID }, await this.adminToken())
  }

  async forceLogout(userID: string, platformID: number): Promise<void> {
    expectOk(await this.post('/auth/force_logout', { userID, platformID }, { token: await this.adminToken() }))
  }

  async #tokenFrom(path: string, body: unknown, token?: string): Promise<string> {
    const answer = expectOk(await this.post<{ token: string }>(path, body, token === undefined ? {} : { token }))
    return answer.token
  }
}

export function nicknameOf(userID: string): string {
  return userID.charAt(0).toUpperCase() + userID.slice(1)
}

/** A unique userID, so that tests can share one server: `alice` becomes `alice3f0c9a`. */
export function fresh(name: string): string {
  return `${name}${randomUUID().slice(0, 6)}`
}

function expectOk<T>(envelope: Envelope<T>): T {
  if (envelope.errCode !== 0) throw new Error(`REST refused: ${JSON.stringify(envelope)}`)
  return envelope.data as T
}
