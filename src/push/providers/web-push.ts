import { importJWK, type JWK, SignJWT } from 'jose'
import { z } from 'zod'
import type { WebPushConfig } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import { encryptForBrowser } from '../aes128gcm.ts'
import type { PushNotification } from '../compose-push.ts'
import {
  callVendor,
  forEachTarget,
  INVALID_TOKEN,
  isOk,
  outcomeOfFailure,
  type Provider,
  type ProviderDeps,
  type PushOutcome,
  readJson,
  rejected,
  SENT,
} from './provider.ts'

/** The browser's push service keeps a notification this long for a browser that is closed. */
const KEPT_SECONDS = 86_400
const TOKEN_SECONDS = 43_200

const NOT_FOUND = 404
const GONE = 410

const P256DH_BYTES = 65
const AUTH_BYTES = 16

/** The result of `PushManager.subscribe` in a browser; other fields are ignored. */
export const PushSubscription = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  keys: z.object({ p256dh: bytes(P256DH_BYTES), auth: bytes(AUTH_BYTES) }),
})

export type PushSubscription = z.output<typeof PushSubscription>

/** Browsers, by RFC 8030, 8291 and 8292. The payload is encrypted, so the browser's push service cannot read it. */
export class WebPush implements Provider {
  readonly #config: WebPushConfig
  readonly #deps: ProviderDeps

  constructor(config: WebPushConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]> {
    const tokens = new Map<string, Promise<string>>()
    return forEachTarget(targets, async (target) => {
      const subscription = PushSubscription.safeParse(readJson(target.token))
      if (!subscription.success) return INVALID_TOKEN
      const { origin } = new URL(subscription.data.endpoint)
      const token = tokens.get(origin) ?? this.#sign(origin)
      tokens.set(origin, token)
      return this.#send(push, target, subscription.data, await token)
    })
  }

  async checkKeys(): Promise<void> {
    await this.#sign('https://push.example')
  }

  async #send(
    push: PushNotification,
    { badge }: PushTarget,
    subscription: PushSubscription,
    token: string,
  ): Promise<PushOutcome> {
    const { title, body, ex, clientMsgID, conversationID, sendID, groupID, sessionType, contentType } = push
    const shown = { title, body, ex, badge, clientMsgID, conversationID, sendID, groupID, sessionType, contentType }
    const sealed = await encryptForBrowser(new TextEncoder().encode(JSON.stringify(shown)), subscription.keys).catch(
      () => null,
    )
    // The public key has the right length but is not a point on the curve: no push can ever be sent to it.
    if (!sealed) return rejected('the keys of the subscription cannot be used')
    const answer = await callVendor(subscription.endpoint, {
      method: 'POST',
      headers: {
        authorization: `vapid t=${token}, k=${this.#config.publicKey}`,
        'content-encoding': 'aes128gcm',
        'content-type': 'application/octet-stream',
        ttl: String(KEPT_SECONDS),
        urgency: 'high',
        topic: push.collapseKey,
      },
      body: sealed,
    })
    if (isOk(answer)) return SENT
    return answer.status === NOT_FOUND || answer.status === GONE ? INVALID_TOKEN : outcomeOfFailure(answer)
  }

  async #sign(audience: string): Promise<string> {
    const { publicKey, privateKey, subject } = this.#config
    const point = Buffer.from(publicKey, 'base64url')
    const half = (P256DH_BYTES - 1) / 2
    const jwk: JWK = {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 1 + half).toString('base64url'),
      y: point.subarray(1 + half).toString('base64url'),
      d: privateKey.replace(/=+$/, ''),
    }
    return new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
      .setAudience(audience)
      .setSubject(subject)
      .setExpirationTime(Math.floor(this.#deps.now() / 1_000) + TOKEN_SECONDS)
      .sign(await importJWK(jwk, 'ES256'))
  }
}

function bytes(length: number) {
  return z.string().refine((text) => Buffer.from(text, 'base64url').length === length, {
    error: `it is not ${length} bytes in base64url`,
  })
}
