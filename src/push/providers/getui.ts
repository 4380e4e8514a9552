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
  type Fate,
  fateOf,
  isOk,
  type Provider,
  type ProviderDeps,
  postJson,
  readJson,
  refused,
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

  async push(push: PushNotification, targets: readonly PushTarget[]): Promise<Fate[]> {
    const fates = new Map<PushTarget, Fate>()
    for (const group of Map.groupBy(targets, ({ platforms }) => platforms.join()).values()) {
      for (let i = 0; i < group.length; i += MAX_ALIASES) {
        const part = group.slice(i, i + MAX_ALIASES)
        const fate = await this.#send(push, part)
        for (const target of part) fates.set(target, fate)
      }
    }
    return targets.map((target) => fates.get(target) ?? SENT)
  }

  async checkKeys(): Promise<void> {}

  async #send(push: PushNotification, part: readonly PushTarget[]): Promise<Fate> {
    const userIDs = part.map(({ userID }) => userID)
    const channel = channelOf(push, this.#config, part[0]?.platforms ?? [])
    const content = { push_message: messageOf(push, this.#config), push_channel: channel }
    const [only] = userIDs
    if (only !== undefined && userIDs.length === 1) {
      // GeTui drops what comes again under the same ID.
      const request_id = derivedID(push.id, only)
      return this.#fateOf(
        await this.#call('/push/single/alias', { request_id, audience: { alias: [only] }, ...content }),
      )
    }
    const created = await this.#call('/push/list/message', {
      settings: { ttl: TASK_TTL_MS, strategy: { default: 1 } },
      ...content,
    })
    const task = TaskData.safeParse(created.reply?.data)
    if (created.reply?.code !== 0 || !task.success) return this.#fateOf(created)
    const { taskid } = task.data
    return this.#fateOf(await this.#call('/push/list/alias', { audience: { alias: userIDs }, taskid, is_async: true }))
  }

  #fateOf({ answer, reply }: Called): Fate {
    if (!isOk(answer) || !reply) return fateOf(answer)
    // Nobody has bound that alias: the user has never opened the app with GeTui in it.
    if (reply.code === 0 || (reply.code === TARGET_INVALID && reply.msg.includes('target'))) return SENT
    return refused(`code ${reply.code}: ${reply.msg}`)
  }

  /** With a token that is in force: one that GeTui takes for expired is renewed once. */
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
      const fate = this.#fateOf(called)
      throw new VendorError('why' in fate ? fate : refused('GeTui answers without a token'))
    })
  }
}

interface Called {
  answer: Answer
  /** Null when the answer was none of GeTui's. */
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

/** For devices that are not connected to GeTui itself: through Apple, and through the makers of Android phones. */
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
