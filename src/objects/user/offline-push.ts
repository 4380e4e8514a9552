import type { Database } from '../../platform/d1.ts'
import type { PushJob } from '../../platform/jobs.ts'
import type { Log } from '../../platform/log.ts'
import type { PushConfig } from '../../platform/push-config.ts'
import type { Delivery, PushQuestion } from '../../platform/rpc.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { isNotificationConversation } from '../../protocol/conversation-id.ts'
import { MsgData } from '../../protocol/proto/index.ts'
import { ringJobs } from '../../push/enqueue.ts'
import { countsOnBadge, wantsPush } from '../../push/offline-push.ts'
import { removeTokensOfPlatform } from '../../push/tokens.ts'
import type { Bell } from './bell.ts'
import type { UserCore } from './user-core.ts'

/** recvMsgOpt: messages are received, with a notification. */
const NOTIFY = 0

/** What this object must reach to have its user rung. */
export interface OfflinePushDeps {
  config: PushConfig | null
  db: Database
  send(jobs: PushJob[]): Promise<void>
  /** Lets the object live until that is done. */
  waitUntil(work: Promise<unknown>): void
  /** Whether the user needs no ringing any more. */
  phoneListens(): boolean
  now(): number
  log: Log
}

/**
 * Has the user rung for what was delivered, unless a phone of the user listens. Nothing is awaited, and whatever goes
 * wrong here is no concern of the delivery's.
 */
export function pushOffline(user: UserCore, delivery: Delivery): void {
  if (!user.offlinePushes.isOn || user.devices.phoneListens(user.now())) return
  try {
    const { conversationID, home, about, messages } = delivery
    const fresh = messages.filter(
      ({ seq, sendID }) => sendID !== user.userID && !user.bell.hasRungFor(conversationID, seq),
    )
    if (fresh.length === 0 || isMuted(user, { conversationID, home, sessionType: about.sessionType })) return
    for (const { seq, operationID, msg } of fresh) {
      const data = MsgData.decode(msg)
      if (!wantsPush(data)) continue
      const message = { operationID, conversationID, home, msg }
      user.offlinePushes.add({ seq, message, countsOnBadge: countsOnBadge(data) })
    }
  } catch (error) {
    user.log.error('an offline push was not made', error, { conversationID: delivery.conversationID })
  }
}

/**
 * Whether a user who was sent nothing is to be rung for a message, and the number for the badge. Asked again about the
 * same message it answers the same, and counts it once.
 */
export function takeOfflinePush(user: UserCore, question: PushQuestion): number | null {
  if (user.devices.phoneListens(user.now()) || isMuted(user, question)) return null
  const { conversationID, seq } = question
  if (!user.bell.hasRungFor(conversationID, seq)) {
    user.bell.ring(conversationID, seq, question.countsOnBadge ? 1 : 0)
    user.bell.save()
  }
  return user.bell.shownBadge(question.countsOnBadge)
}

/** A logout takes the device's tokens with it. */
export function forgetTokens(user: UserCore, platformID: number): void {
  user.offlinePushes.forgetTokens(platformID)
}

/**
 * Do not disturb. What the service itself says is not subject to it; a group's chat goes by the conversation alone, as
 * in OpenIM, where it lies with the user to mute groups one by one.
 */
function isMuted(user: UserCore, { conversationID, home, sessionType }: Muting): boolean {
  if (sessionType !== SessionType.Group && isNotificationConversation(conversationID)) return false
  const [conversation] = user.conversations.list([home])
  if (conversation && conversation.recvMsgOpt !== NOTIFY) return true
  return sessionType === SessionType.Single && user.bell.globalRecvMsgOpt !== NOTIFY
}

type Muting = Pick<PushQuestion, 'conversationID' | 'home' | 'sessionType'>

/** A message that the user is to be rung for. */
interface Pending {
  seq: number
  message: Parameters<typeof ringJobs>[0]
  countsOnBadge: boolean
}

/**
 * Pushes on their way to the queue: one call at a time, what comes meanwhile goes together in the next one. A burst in
 * one conversation is one push at once and one for the rest, with its newest message.
 */
export class OfflinePushes {
  readonly #deps: OfflinePushDeps
  readonly #bell: Bell
  readonly #userID: string
  /** By conversation, the newest message that waits, and how many of them raise the badge. */
  readonly #waiting = new Map<string, Pending & { raises: number }>()
  /** When each conversation was rung for last, ms; only as long as that matters. */
  readonly #rungAt = new Map<string, number>()
  #running = false

  constructor(userID: string, deps: OfflinePushDeps, bell: Bell) {
    this.#userID = userID
    this.#deps = deps
    this.#bell = bell
  }

  get isOn(): boolean {
    return this.#deps.config !== null
  }

  add(pending: Pending): void {
    const { conversationID } = pending.message
    const older = this.#waiting.get(conversationID)
    // A delivery whose confirmation was lost comes twice.
    if (older && pending.seq > 0 && pending.seq <= older.seq) return
    const raises = (older?.raises ?? 0) + (pending.countsOnBadge ? 1 : 0)
    this.#waiting.set(conversationID, { ...pending, raises })
    if (!this.#running) this.#deps.waitUntil(this.#run())
  }

  forgetTokens(platformID: number): void {
    if (!this.isOn) return
    const removal = removeTokensOfPlatform(this.#deps.db, this.#userID, platformID)
    this.#deps.waitUntil(removal.catch((error: unknown) => this.#deps.log.error('push tokens were not removed', error)))
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      // The rest of the delivery is added before anything leaves.
      await Promise.resolve()
      while (this.#waiting.size > 0) {
        if (this.#deps.phoneListens()) this.#waiting.clear()
        const due = this.#takeDue()
        if (due.length > 0) await this.#send(due)
        else if (this.#waiting.size > 0) await pause(this.#untilNext())
      }
    } finally {
      this.#running = false
    }
  }

  /** What may go now: conversations whose last push is long enough ago. */
  #takeDue(): (Pending & { raises: number })[] {
    const now = this.#deps.now()
    for (const [conversationID, at] of this.#rungAt) {
      if (at + this.#burstMs() <= now) this.#rungAt.delete(conversationID)
    }
    return [...this.#waiting].flatMap(([conversationID, pending]) => {
      if (this.#rungAt.has(conversationID)) return []
      this.#waiting.delete(conversationID)
      if (this.#burstMs() > 0) this.#rungAt.set(conversationID, now)
      return [pending]
    })
  }

  #untilNext(): number {
    const earliest = Math.min(...[...this.#waiting.keys()].map((id) => this.#rungAt.get(id) ?? 0))
    return Math.max(1, earliest + this.#burstMs() - this.#deps.now())
  }

  /** What was rung for is noted once the queue has it: a crash in between leads to the push, not to none. */
  async #send(due: (Pending & { raises: number })[]): Promise<void> {
    for (const { message, seq, raises } of due) this.#bell.ring(message.conversationID, seq, raises)
    const jobs = due.flatMap(({ message, countsOnBadge }) =>
      ringJobs(message, [{ userID: this.#userID, badge: this.#bell.shownBadge(countsOnBadge) }]),
    )
    try {
      await this.#deps.send(jobs)
      this.#bell.save()
    } catch (error) {
      this.#deps.log.error('an offline push could not be queued', error)
    }
  }

  #burstMs(): number {
    return this.#deps.config?.burstMs ?? 0
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
