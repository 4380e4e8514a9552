import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { GetuiConfig } from '../../config/push.ts'
import type { PushTarget } from '../../contracts/jobs.ts'
import { Platform } from '../../protocol/constants/platform.ts'
import { derivedID } from '../../runtime/ids.ts'
import type { PushNotification } from '../compose-push.ts'
import type { Credential } from '../credentials.ts'
import {
  type Answer,
  isOk,
  outcomeOfFailure,
  type Provider,
  type ProviderDeps,
  type PushOutcome,
  postJson,
  readJson,
  rejected,
  SENT,
  VendorError,
} from './provider.ts'

const TOKEN_EXPIRED = 10_001
const TARGET_INVALID = 20_001
const TASK_TTL_MS = 300_000
const MAX_ALIASES = 999

const Reply = z.object({ code: z.int(), msg: z.string().default(''), data: z.unknown().optional() })
const AuthData = z.object({ token: z.string().min(1), expire_time: z.coerce.number() })
const TaskData = z.object({ taskid: z.string() })

type Reply = z.output<typeof Reply>

/** GeTui, REST v2. Devices bind the userID as their alias. */
export class Getui implements Provider {
  readonly #config: GetuiConfig
  readonly #deps: ProviderDeps

  constructor(config: GetuiConfig, deps: ProviderDeps) {
    this.#config = config
    this.#deps = deps
  }

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]> {
    const outcomes = new Map<PushTarget, PushOutcome>()
    for (const group of Map.groupBy(targets, ({ platforms }) => platforms.join()).values()) {
      for (let i = 0; i < group.length; i += MAX_ALIASES) {
        const part = group.slice(i, i + MAX_ALIASES)
        const outcome = await this.#send(push, part)
        for (const target of part) outcomes.set(target, outcome)
      }
    }
    return targets.map((target) => outcomes.get(target) ?? SENT)
  }

  async checkKeys(): Promise<void> {}

  async #send(push: PushNotification, part: readonly PushTarget[]): Promise<PushOutcome> {
    const userIDs = part.map(({ userID }) => userID)
    const channel = channelOf(push, this.#config, part[0]?.platforms ?? [])
    const content = { push_message: messageOf(push, this.#config), push_channel: channel }
    const [only] = userIDs
    if (only !== undefined && userIDs.length === 1) {
      // GeTui drops a repeated push with the same request_id.
      const request_id = derivedID(push.id, only)
      return this.#outcomeOf(
        await this.#call('/push/single/alias', { request_id, audience: { alias: [only] }, ...content }),
      )
    }
    const created = await this.#call('/push/list/message', {
      settings: { ttl: TASK_TTL_MS, strategy: { default: 1 } },
      ...content,
    })
    const task = TaskData.safeParse(created.reply?.data)
    if (created.reply?.code !== 0 || !task.success) return this.#outcomeOf(created)
    const { taskid } = task.data
    return this.#outcomeOf(
      await this.#call('/push/list/alias', { audience: { alias: userIDs }, taskid, is_async: true }),
    )
  }

  #outcomeOf({ answer, reply }: Called): PushOutcome {
    if (!isOk(answer) || !reply) return outcomeOfFailure(answer)
    // The alias is bound to no device: the user has never opened the app with GeTui in it.
    if (reply.code === 0 || (reply.code === TARGET_INVALID && reply.msg.includes('target'))) return SENT
    return rejected(`code ${reply.code}: ${reply.msg}`)
  }

  /** Calls GeTui with the current token. A token that GeTui rejects as expired is renewed once. */
  async #call(path: string, body: object): Promise<Called> {
    let token = await this.#token()
    const post = async () => replyOf(await postJson(this.#config.pushUrl + path, body, { token: token.value }))
    const called = await post()
    if (called.reply?.code !== TOKEN_EXPIRED && called.answer.status !== 401) return called
    await this.#deps.credentials.reject(this.#credentialName(), token)
    token = await this.#token()
    return post()
  }

  #credentialName(): string {
    const { appKey, masterSecret, pushUrl } = this.#config
    return `getui ${appKey} ${derivedID(masterSecret, pushUrl)}`
  }

  #token(): Promise<Credential> {
    return this.#deps.credentials.get(this.#credentialName(), async () => {
      const issuedAt = this.#deps.now()
      const { appKey, masterSecret, pushUrl } = this.#config
      const timestamp = String(issuedAt)
      const sign = createHash('sha256')
        .update(appKey + timestamp + masterSecret)
        .digest('hex')
      const called = replyOf(await postJson(`${pushUrl}/auth`, { sign, timestamp, appkey: appKey }))
      const data = AuthData.safeParse(called.reply?.data)
      if (called.reply?.code === 0 && data.success) {
        return { value: data.data.token, issuedAt, expiresAt: data.data.expire_time }
      }
      const result = this.#outcomeOf(called)
      throw new VendorError('reason' in result ? result : rejected('GeTui issued no token'))
    })
  }
}

interface Called {
  answer: Answer
  /** Null when the answer is not in GeTui's format. */
  reply: Reply | null
}

function replyOf(answer: Answer): Called {
  return { answer, reply: Reply.safeParse(readJson(answer.text)).data ?? null }
}

function messageOf({ title, body }: PushNotification, { channelID, channelName }: GetuiConfig) {
  return {
    notification: {
      title,
      body,
      click_type: 'startapp',
      ...(channelID && { channel_id: channelID }),
      ...(channelName && { channel_name: channelName }),
      badge_add_num: 1,
      category: 'CATEGORY_MESSAGE',
    },
  }
}

/** The part for devices that are not connected to GeTui: it goes through Apple and the makers of Android phones. */
function channelOf(push: PushNotification, { channelID }: GetuiConfig, platforms: readonly number[]) {
  const { title, body, sound, ex, collapseKey } = push
  const ios = {
    type: 'notify',
    auto_badge: '+1',
    aps: { sound, alert: { title, body } },
    'apns-collapse-id': collapseKey,
    ...(ex && { payload: ex }),
  }
  const ups = {
    notification: { title, body, click_type: 'startapp' },
    options: {
      HW: {
        '/message/android/category': 'IM',
        '/message/android/notification/importance': 'NORMAL',
        ...(channelID && { '/message/android/notification/channel_id': channelID }),
      },
      ...(channelID && { XM: { '/extra.channel_id': channelID } }),
      VV: { '/classification': 1 },
    },
  }
  return {
    ...(platforms.includes(Platform.IOS) && { ios }),
    ...(platforms.some((id) => id !== Platform.IOS) && { android: { ups } }),
  }
}
