import type { Link } from './connection/link.ts'
import { newID } from './connection/socket.ts'
import { ClientFailure, failureFrom, isKickedCode, refusal } from './errors.ts'

const TIMEOUT_MS = 20_000

interface Envelope<T> {
  errCode: number
  errMsg: string
  errDlt: string
  data?: T
}

/** OpenIM's REST calls with the token of this login. */
export class Rest {
  readonly #api: string
  readonly #link: Pick<Link, 'token' | 'renewToken' | 'kicked'>

  constructor(api: string, link: Pick<Link, 'token' | 'renewToken' | 'kicked'>) {
    this.#api = api
    this.#link = link
  }

  /** @throws ClientFailure */
  async call<T>(path: string, body: object): Promise<T> {
    const token = await this.#link.token()
    const first = await this.#post<T>(path, body, token)
    if (first.errCode === 0) return first.data as T
    const error = refusal(path, first.errCode, first.errMsg, first.errDlt)
    if (isKickedCode(error.errCode)) this.#link.kicked(error)
    if (error.reason !== 'token' || isKickedCode(error.errCode)) throw error
    const second = await this.#post<T>(path, body, await this.#link.renewToken(token))
    if (second.errCode === 0) return second.data as T
    throw refusal(path, second.errCode, second.errMsg, second.errDlt)
  }

  async #post<T>(path: string, body: object, token: string): Promise<Envelope<T>> {
    try {
      const response = await fetch(this.#api + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', operationID: newID(), token },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const answer = (await response.json()) as Partial<Envelope<T>>
      if (typeof answer.errCode === 'number') return answer as Envelope<T>
      throw new ClientFailure('network', `${path} answered with HTTP ${response.status} and no envelope of OpenIM`)
    } catch (error) {
      throw failureFrom(error, path)
    }
  }
}
