import { z } from 'zod'
import type { HttpPushConfig } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import { platformName } from '../../protocol/constants/platform.ts'
import { derivedID } from '../../runtime/ids.ts'
import type { PushNotification } from '../compose-push.ts'
import {
  callVendor,
  INVALID_TOKEN,
  isOk,
  outcomeOfFailure,
  type Provider,
  type ProviderDeps,
  type PushOutcome,
  readJson,
  SENT,
} from './provider.ts'

/**
 * The gateway may list targets by their index. `dead`: the token is no longer valid; `later`: try again. All other
 * targets count as sent.
 */
const GatewayAnswer = z.object({
  dead: z.array(z.int()).default([]),
  later: z.array(z.int()).default([]),
})

/**
 * A gateway of the app's own, for all other vendors: it gets the notification and its targets in one signed call, and
 * pushes through Huawei, Xiaomi and others.
 */
export class HttpPush implements Provider {
  readonly #config: HttpPushConfig
  readonly #deps: ProviderDeps

  constructor(config: HttpPushConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]> {
    const body = JSON.stringify({ ...push, targets: targets.map(gatewayTarget) })
    const answer = await callVendor(this.#config.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        // A retry has the same key only when it has the same targets.
        'idempotency-key': derivedID(push.id, ...targets.map(({ userID, token }) => `${userID} ${token}`)),
        'openim-signature': await this.#signature(body),
      },
      body,
    })
    if (!isOk(answer)) return targets.map(() => outcomeOfFailure(answer))
    const { dead, later } = GatewayAnswer.catch({ dead: [], later: [] }).parse(readJson(answer.text) ?? {})
    return targets.map((_target, i): PushOutcome => {
      if (dead.includes(i)) return INVALID_TOKEN
      if (!later.includes(i)) return SENT
      return { outcome: 'retry', reason: 'the gateway asks to retry later', afterSeconds: answer.afterSeconds }
    })
  }

  async checkKeys(): Promise<void> {}

  /** Signs the time together with the body, so that a recorded call cannot be replayed later. */
  async #signature(body: string): Promise<string> {
    const seconds = Math.floor(this.#deps.now() / 1_000)
    const utf8 = new TextEncoder()
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', utf8.encode(this.#config.secret), algorithm, false, ['sign'])
    const signed = await crypto.subtle.sign('HMAC', key, utf8.encode(`${seconds}.${body}`))
    return `t=${seconds},v1=${Buffer.from(signed).toString('hex')}`
  }
}

function gatewayTarget({ userID, platforms, vendor, token, badge }: PushTarget) {
  return { userID, platforms: platforms.map((id) => ({ id, name: platformName(id) })), vendor, token, badge }
}
