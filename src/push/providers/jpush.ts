import { z } from 'zod'
import type { JpushConfig } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import { Platform } from '../../protocol/constants/platform.ts'
import type { PushNotification } from '../compose-push.ts'
import {
  callVendor,
  isAmbiguous,
  isOk,
  outcomeOfFailure,
  type Provider,
  type ProviderDeps,
  type PushOutcome,
  postJson,
  readJson,
  SENT,
} from './provider.ts'

/** JPush's names for the platforms that it serves. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [Platform.IOS, 'ios'],
  [Platform.Android, 'android'],
  [Platform.HarmonyOS, 'hmos'],
])

/** JPush gives at most this many IDs per call to an app on its free plan. */
const CIDS_AT_A_TIME = 10

/** The alias is bound to no device: the user has never opened the app with JPush in it. */
const NO_SUCH_AUDIENCE = 1011

const CidAnswer = z.object({ cidlist: z.array(z.string()) })
const ErrorAnswer = z.object({ error: z.object({ code: z.int() }) })

/** JPush, REST v3. Devices bind the userID as their alias. */
export class Jpush implements Provider {
  readonly #config: JpushConfig
  readonly #deps: ProviderDeps

  constructor(config: JpushConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]> {
    const outcomes = new Map<PushTarget, PushOutcome>()
    // One call for all targets with the same platforms and, in a retry, the same call ID.
    const calls = Map.groupBy(targets, ({ platforms, attempt }) => `${platforms.join()} ${attempt}`)
    for (const group of calls.values()) {
      const outcome = await this.#send(push, group)
      for (const target of group) outcomes.set(target, outcome)
    }
    return targets.map((target) => outcomes.get(target) ?? SENT)
  }

  async checkKeys(): Promise<void> {}

  async #send(push: PushNotification, group: readonly PushTarget[]): Promise<PushOutcome> {
    const cid = group[0]?.attempt || (await this.#cid())
    const body = { ...(cid && { cid }), ...bodyOf(push, group, this.#config, this.#deps.production) }
    const answer = await postJson(this.#config.pushURL, body, this.#authorization())
    if (isOk(answer) || codeOf(answer.text) === NO_SUCH_AUDIENCE) return SENT
    const result = outcomeOfFailure(answer)
    // With the same ID JPush recognises a push that it has already sent.
    return result.outcome === 'retry' && isAmbiguous(answer) ? { ...result, attempt: cid } : result
  }

  /**
   * An ID for one call, from a stock that is fetched in advance; "" when JPush gives no ID, so that a retry may push
   * twice.
   */
  async #cid(): Promise<string> {
    if (!this.#config.cid) return ''
    const { appKey, pushURL } = this.#config
    const stock = cids.get(appKey) ?? []
    cids.set(appKey, stock)
    if (stock.length === 0) {
      const url = `${pushURL}/cid?count=${CIDS_AT_A_TIME}`
      const answer = await callVendor(url, { method: 'GET', headers: this.#authorization() })
      const parsed = CidAnswer.safeParse(isOk(answer) ? readJson(answer.text) : null)
      if (parsed.success) stock.push(...parsed.data.cidlist)
    }
    return stock.pop() ?? ''
  }

  #authorization(): Record<string, string> {
    const { appKey, masterSecret } = this.#config
    return { authorization: `Basic ${Buffer.from(`${appKey}:${masterSecret}`).toString('base64')}` }
  }
}

/** Call IDs that are not used yet, by app. */
const cids = new Map<string, string[]>()

function bodyOf(
  push: PushNotification,
  group: readonly PushTarget[],
  { pushIntent }: JpushConfig,
  production: boolean,
) {
  const { title, body, ex, clientMsgID, sound, countsOnBadge, collapseKey } = push
  const extras = { ex, ClientMsgID: clientMsgID }
  return {
    platform: platformsOf(group),
    audience: { alias: group.map(({ userID }) => userID) },
    notification: {
      alert: body,
      android: { alert: body, title, ...(pushIntent && { intent: { url: pushIntent } }), extras },
      ios: {
        alert: { title, body },
        sound,
        ...(countsOnBadge && { badge: '+1' }),
        extras,
        'mutable-content': true,
      },
    },
    message: { msg_content: body, title, extras },
    options: { apns_production: production, apns_collapse_id: collapseKey },
  }
}

/** OpenIM: sends "all" for iOS and Android together. */
function platformsOf(group: readonly PushTarget[]): 'all' | string[] {
  const platforms = group[0]?.platforms ?? []
  if (platforms.includes(Platform.IOS) && platforms.includes(Platform.Android)) return 'all'
  return platforms.flatMap((id) => NAMES.get(id) ?? [])
}

function codeOf(text: string): number {
  return ErrorAnswer.safeParse(readJson(text)).data?.error.code ?? 0
}
