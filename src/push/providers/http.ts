import { z } from 'zod'
import type { HttpPushConfig } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import { platformName } from '../../protocol/constants/platform.ts'
import { derivedID } from '../../runtime/ids.ts'
import type { PushNotification } from '../compose-push.ts'
import {
  callVendor,
  DEAD,
  type Fate,
  fateOf,
  isOk,
  type Provider,
  type ProviderDeps,
  readJson,
  SENT,
} from './provider.ts'

/** What the gateway may say of single targets, by their index; the others count as done. */
const GatewayAnswer = z.object({
  dead: z.array(z.int()).default([]),
  later: z.array(z.int()).default([]),
})

/**
 * Whatever else there is: a gateway of the app's own gets the notification and whom it is for, in one signed call, and
 * speaks to Huawei, Xiaomi and the others.
 */
export class HttpPush implements Provider {
  readonly #config: HttpPushConfig
  readonly #deps: ProviderDeps

  constructor(config: HttpPushConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<Fate[]> {
    const body = JSON.stringify({ ...push, targets: targets.map(asTold) })
    const answer = await callVendor(this.#config.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        // A repetition goes to the very same targets, or it is another call.
        'idempotency-key': derivedID(push.id, ...targets.map(({ userID, token }) => `${userID} ${token}`)),
        'openim-signature': await this.#signature(body),
      },
      body,
    })
    if (!isOk(answer)) return targets.map(() => fateOf(answer))
    const { dead, later } = GatewayAnswer.catch({ dead: [], later: [] }).parse(readJson(answer.text) ?? {})
    return targets.map((_target, i): Fate => {
      if (dead.includes(i)) return DEAD
      if (later.includes(i)) return { fate: 'later', why: 'the gateway says later', afterSeconds: answer.afterSeconds }
      return SENT
    })
  }

  async checkKeys(): Promise<void> {}

  /** Over the time as well, so that a recorded call is of no use for long. */
  async #signature(body: string): Promise<string> {
    const seconds = Math.floor(this.#deps.now() / 1_000)
    const utf8 = new TextEncoder()
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', utf8.encode(this.#config.secret), algorithm, false, ['sign'])
    const signed = await crypto.subtle.sign('HMAC', key, utf8.encode(`${seconds}.${body}`))
    return `t=${seconds},v1=${Buffer.from(signed).toString('hex')}`
  }
}

function asTold({ userID, platforms, vendor, token, badge }: PushTarget) {
  return { userID, platforms: platforms.map((id) => ({ id, name: platformName(id) })), vendor, token, badge }
}
