import { importPKCS8, SignJWT } from 'jose'
import { z } from 'zod'
import type { ApnsConfig } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import type { PushNotification } from '../compose-push.ts'
import type { Credential } from '../credentials.ts'
import {
  forEachTarget,
  INVALID_TOKEN,
  isOk,
  outcomeOfFailure,
  type Provider,
  type ProviderDeps,
  type PushOutcome,
  postJson,
  readJson,
  SENT,
} from './provider.ts'

const PRODUCTION_URL = 'https://api.push.apple.com'
const SANDBOX_URL = 'https://api.sandbox.push.apple.com'

/** Apple accepts a token for one hour, and throttles callers that create more than one in 20 minutes. */
const TOKEN_MS = 3_300_000
const MIN_TOKEN_AGE_MS = 1_200_000

/** Apple keeps a notification this long for a phone that is switched off. */
const KEPT_SECONDS = 86_400

const GONE = 410
const FORBIDDEN = 403

const INVALID_TOKEN_REASONS: ReadonlySet<string> = new Set(['BadDeviceToken', 'DeviceTokenNotForTopic', 'Unregistered'])

const ErrorAnswer = z.object({ reason: z.string() })

/**
 * Apple's push service, with a token signed here. Apple speaks HTTP/2 only: a runtime whose `fetch` does not support
 * HTTP/2 needs a proxy, whose address is `apns.url`.
 */
export class Apns implements Provider {
  readonly #config: ApnsConfig
  readonly #deps: ProviderDeps

  constructor(config: ApnsConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]> {
    return forEachTarget(targets, (target) => this.#send(push, target))
  }

  async checkKeys(): Promise<void> {
    await importPKCS8(this.#config.key, 'ES256')
  }

  async #send(push: PushNotification, target: PushTarget): Promise<PushOutcome> {
    let credential = await this.#credential()
    const post = () => this.#post(push, target, credential)
    let answer = await post()
    if (answer.status === FORBIDDEN && reasonOf(answer.text) === 'ExpiredProviderToken') {
      const age = this.#deps.now() - credential.issuedAt
      if (age < MIN_TOKEN_AGE_MS) {
        const afterSeconds = Math.ceil((MIN_TOKEN_AGE_MS - age) / 1_000)
        const reason = 'Apple reports the token as expired, but it is too early to sign a new one'
        return { outcome: 'retry', reason, afterSeconds }
      }
      await this.#deps.credentials.reject(this.#credentialName(), credential)
      credential = await this.#credential()
      answer = await post()
    }
    if (isOk(answer)) return SENT
    return answer.status === GONE || INVALID_TOKEN_REASONS.has(reasonOf(answer.text))
      ? INVALID_TOKEN
      : outcomeOfFailure(answer)
  }

  #post(push: PushNotification, { token, badge }: PushTarget, { value }: Credential) {
    const { title, body, sound, ex, clientMsgID, conversationID, collapseKey } = push
    const { topic, url, production = this.#deps.production } = this.#config
    const base = url ?? (production ? PRODUCTION_URL : SANDBOX_URL)
    return postJson(
      `${base}/3/device/${encodeURIComponent(token)}`,
      { aps: { alert: { title, body }, badge, sound, 'mutable-content': 1 }, ex, clientMsgID, conversationID },
      {
        authorization: `bearer ${value}`,
        'apns-topic': topic,
        'apns-push-type': 'alert',
        'apns-priority': '10',
        'apns-collapse-id': collapseKey,
        'apns-expiration': String(Math.floor(this.#deps.now() / 1_000) + KEPT_SECONDS),
      },
    )
  }

  #credentialName(): string {
    return `apns ${this.#config.teamID} ${this.#config.keyID}`
  }

  #credential(): Promise<Credential> {
    return this.#deps.credentials.get(this.#credentialName(), async () => {
      const issuedAt = this.#deps.now()
      const { keyID, teamID, key } = this.#config
      const value = await new SignJWT({})
        .setProtectedHeader({ alg: 'ES256', kid: keyID })
        .setIssuer(teamID)
        .setIssuedAt(Math.floor(issuedAt / 1_000))
        .sign(await importPKCS8(key, 'ES256'))
      return { value, issuedAt, expiresAt: issuedAt + TOKEN_MS }
    })
  }
}

function reasonOf(text: string): string {
  return ErrorAnswer.safeParse(readJson(text)).data?.reason ?? ''
}
