import { ClientFailure } from '../errors.ts'

/** A token is renewed this long before it expires. */
const RENEW_BEFORE_MS = 60_000

/** The current token and the app's function that gets new ones. */
export class TokenSource {
  readonly #callback: (() => Promise<string>) | undefined
  #token: string | undefined
  #pending: Promise<string> | undefined

  constructor(token: string | (() => Promise<string>)) {
    if (typeof token === 'string') this.#token = token
    else this.#callback = token
  }

  /** The token to use now. It is renewed first if it is about to expire. */
  async get(): Promise<string> {
    if (this.#token !== undefined && !(this.#callback && isExpiring(this.#token))) return this.#token
    return this.#fetch()
  }

  /**
   * A token other than the refused one.
   * @throws ClientFailure with the reason `token` when the app gave a fixed token
   */
  async renew(refused: string): Promise<string> {
    if (this.#token !== undefined && this.#token !== refused) return this.#token
    if (!this.#callback) {
      throw new ClientFailure('token', 'the token was refused; pass a function as `token`, so that it can be renewed')
    }
    return this.#fetch()
  }

  /** One call of the app's function serves all that wait. */
  #fetch(): Promise<string> {
    const callback = this.#callback as () => Promise<string>
    this.#pending ??= (async () => {
      try {
        this.#token = await callback()
        return this.#token
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        throw new ClientFailure('network', `the app's token function failed: ${message}`, 0, { cause: error })
      } finally {
        this.#pending = undefined
      }
    })()
    return this.#pending
  }
}

function isExpiring(token: string): boolean {
  const expiresAt = expiryOf(token)
  return expiresAt !== undefined && Date.now() > expiresAt - RENEW_BEFORE_MS
}

/** When a JWT expires; undefined for any other text. */
function expiryOf(token: string): number | undefined {
  const [, payload] = token.split('.')
  if (payload === undefined) return undefined
  try {
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    // The server decides about a token that this client cannot read.
    return undefined
  }
}
