import { DEVELOPMENT_SECRET, Refusal } from '../local/settings.ts'
import { text, UsageError, type Values } from './command.ts'

const DEFAULT_URL = 'http://127.0.0.1:8787'
const DEFAULT_ADMIN = 'imAdmin'
const TIMEOUT_MS = 30_000

/** Calls a running service like an app server. */
export class Service {
  readonly url: string
  readonly admin: string
  readonly #secret: string
  #token: Promise<string> | undefined

  constructor(values: Values, env: NodeJS.ProcessEnv = process.env) {
    const url = text(values, 'url') ?? DEFAULT_URL
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new UsageError(`--url must be an address like https://im.example.com, not ${JSON.stringify(url)}.`)
    }
    this.url = url.replace(/\/+$/, '')
    this.admin = text(values, 'admin') ?? DEFAULT_ADMIN
    this.#secret = text(values, 'secret') ?? env.OPENIM_SECRET ?? DEVELOPMENT_SECRET
  }

  /** The administrator's token: requested once and used for all calls. */
  token(): Promise<string> {
    this.#token ??= this.#post('/auth/get_admin_token', { secret: this.#secret, userID: this.admin }).then(
      (data) => (data as { token: string }).token,
    )
    return this.#token
  }

  /**
   * Makes a call as the administrator. Returns the `data` of the answer.
   * @throws Refusal with the service's answer
   */
  async call<T>(path: string, body: object): Promise<T> {
    return (await this.#post(path, body, await this.token())) as T
  }

  async get(path: string): Promise<{ status: number; body: unknown }> {
    const response = await this.#fetch(path, {})
    return { status: response.status, body: await json(response) }
  }

  async #post(path: string, body: object, token?: string): Promise<unknown> {
    const headers: Record<string, string> = {
      operationID: `im-${crypto.randomUUID()}`,
      'content-type': 'application/json',
    }
    if (token !== undefined) headers.token = token
    const response = await this.#fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
    const reply = (await json(response)) as {
      errCode?: number
      errMsg?: string
      errDlt?: string
      data?: unknown
    } | null
    if (typeof reply?.errCode !== 'number') {
      throw new Refusal(`${this.url}${path} answers HTTP ${response.status}, and not in the form of this service.`)
    }
    if (reply.errCode !== 0) throw new Refusal(`${path} answers ${reply.errCode} ${reply.errMsg}: ${reply.errDlt}`)
    return reply.data
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    } catch (error) {
      throw new Refusal(`${this.url} cannot be reached: ${reasonOf(error)}`)
    }
  }
}

async function json(response: Response): Promise<unknown> {
  const body = await response.text()
  try {
    return JSON.parse(body)
  } catch {
    return null
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}
