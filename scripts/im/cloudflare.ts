import { Refusal } from '../local/settings.ts'

const DEFAULT_BASE_URL = 'https://api.cloudflare.com/client/v4'
const TIMEOUT_MS = 30_000

export interface Queue {
  queue_id: string
  queue_name: string
  consumers?: { consumer_id: string; type: string; dead_letter_queue?: string; script?: string; script_name?: string }[]
}

/** Cloudflare's REST API for one account. Uses wrangler's variables CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID. */
export class Cloudflare {
  readonly #base: string
  readonly #token: string

  /** @throws Refusal when one of the variables is missing */
  static of(env: NodeJS.ProcessEnv = process.env): Cloudflare {
    const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = env
    if (!token || !account) {
      throw new Refusal('Set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN (a token that may edit queues) first.')
    }
    return new Cloudflare(`${env.CLOUDFLARE_API_BASE_URL ?? DEFAULT_BASE_URL}/accounts/${account}`, token)
  }

  /** Whether the environment has an account and a token. */
  static isConfigured({ CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID }: NodeJS.ProcessEnv = process.env): boolean {
    return Boolean(CLOUDFLARE_API_TOKEN && CLOUDFLARE_ACCOUNT_ID)
  }

  constructor(base: string, token: string) {
    this.#base = base
    this.#token = token
  }

  queues(): Promise<Queue[]> {
    return this.call('GET', '/queues?per_page=1000')
  }

  /** @throws Refusal with Cloudflare's answer */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.#base + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: Error) => {
      throw new Refusal(`Cloudflare's API cannot be reached: ${error.message}`)
    })
    const reply = (await response.json().catch(() => null)) as {
      success?: boolean
      errors?: { code: number; message: string }[]
      result?: unknown
    } | null
    if (!reply?.success) {
      const reasons = reply?.errors?.map(({ code, message }) => `${message} (${code})`).join('; ')
      throw new Refusal(`Cloudflare answers ${method} ${path} with ${reasons || `HTTP ${response.status}`}.`)
    }
    return reply.result as T
  }
}
