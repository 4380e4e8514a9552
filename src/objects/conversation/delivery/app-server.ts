import type { Config } from '../../../config/index.ts'
import {
  type AcceptedMessage,
  hasAfterSendWebhook,
  queueAfterSendWebhooks,
} from '../../../features/message/send/webhooks.ts'
import type { Log } from '../../../platform/observability/log.ts'
import type { Database } from '../../../platform/storage/d1.ts'
import { MessageStatus, MsgFrom } from '../../../protocol/constants/message-status.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { WebhookQueue } from '../../../runtime/webhook-queue.ts'
import { type Audience, beforeOnlinePush, hasOnlinePushWebhook } from '../../../webhook/before-push.ts'
import type { StampedMessage } from '../log/append.ts'
import type { MessageLog } from '../log/message-log.ts'
import type { GatedMessage } from './dispatch.ts'

/** What asking and telling the app stands on. */
export interface AppServerDeps {
  conversationID: string
  config(): Config
  log(): Log
  openDatabase(): Database
  queue: Queue
  chat(): MessageLog
}

/** The app's own server, as a conversation speaks with it: before messages are pushed, and after they were taken. */
export class AppServer {
  readonly #deps: AppServerDeps
  /** Most conversations never tell the app anything. */
  #ways: { db: Database; webhooks: WebhookQueue } | null = null
  #told: Promise<void> = Promise.resolve()

  constructor(deps: AppServerDeps) {
    this.#deps = deps
  }

  /** Whether the app is asked about a message before it is pushed. */
  needsBeforePush({ item }: GatedMessage): boolean {
    return hasOnlinePushWebhook(this.#deps.config(), item)
  }

  /** Asks it. Never fails: a fault that is not the app's stops no push. */
  async callBeforePush({ item, seq, msg }: GatedMessage): Promise<Audience> {
    const { operationID } = item
    const log = this.#deps.log().with({ operationID })
    try {
      return await beforeOnlinePush({ operationID, config: this.#deps.config(), log }, MsgData.decode(msg))
    } catch (error) {
      log.error('the app could not be asked about a push', error, { seq })
      return 'everybody'
    }
  }

  /** Resolves when all that the app was to be told until now is in the queue. */
  get afterWebhooksSent(): Promise<void> {
    return this.#told
  }

  /** Tells the app of messages that were just taken. Nobody waits for it. */
  sendAfterWebhooks(messages: readonly StampedMessage[]): void {
    if (!hasAfterSendWebhook(this.#deps.config())) return
    const { conversationID } = this.#deps
    this.#queue(
      messages
        .filter(({ item }) => item.log === 'chat')
        .map(({ item, msg }) => ({
          operationID: item.operationID,
          conversationID,
          msg: MsgData.decode(msg),
          status: MsgData.decode(item.msg).status,
        })),
    )
  }

  /** Tells the app again of what was stored since a moment: nobody knows any more whether it was told. */
  resendAfterWebhooks(since: number): void {
    if (!hasAfterSendWebhook(this.#deps.config())) return
    const { conversationID } = this.#deps
    const stored = this.#deps.chat().storedSince(since)
    this.#queue(
      stored.map((row) => {
        const msg = MsgData.decode(row.msg)
        // Devices send their messages as being sent, backends without a status.
        const status = msg.msgFrom === MsgFrom.User ? MessageStatus.Sending : 0
        return { operationID: `alarm_${conversationID}`, conversationID, msg, status }
      }),
    )
  }

  #queue(messages: readonly AcceptedMessage[]): void {
    if (messages.length === 0) return
    const { config, log, openDatabase, queue } = this.#deps
    this.#ways ??= { db: openDatabase(), webhooks: new WebhookQueue(queue) }
    const telling = queueAfterSendWebhooks(
      { config: config(), log: log(), now: () => Date.now(), ...this.#ways },
      messages,
    )
    this.#told = Promise.all([this.#told, telling]).then(() => {})
  }
}
