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
import type { MessageLog } from '../state/message-log.ts'
import type { GatedMessage, StampedMessage } from './stamped-message.ts'

/** The functions and bindings that the webhooks of a conversation use. */
export interface AppServerDeps {
  conversationID: string
  config(): Config
  log(): Log
  openDatabase(): Database
  queue: Queue
  chat(): MessageLog
}

/**
 * The webhooks that a conversation sends to the app server: before an online push, and after a message was accepted.
 */
export class AppServer {
  readonly #deps: AppServerDeps
  /** Opened by the first after-webhook, because most conversations send none. */
  #channels: { db: Database; webhooks: WebhookQueue } | null = null
  #sent: Promise<void> = Promise.resolve()

  constructor(deps: AppServerDeps) {
    this.#deps = deps
  }

  /** Whether the app server is asked about a message before its online push. */
  needsBeforePush({ item }: GatedMessage): boolean {
    return hasOnlinePushWebhook(this.#deps.config(), item)
  }

  /** Asks the app server who gets the online push. It never fails: an internal error must not stop a push. */
  async callBeforePush({ item, seq, msg }: GatedMessage): Promise<Audience> {
    const { operationID } = item
    const log = this.#deps.log().with({ operationID })
    try {
      return await beforeOnlinePush({ operationID, config: this.#deps.config(), log }, MsgData.decode(msg))
    } catch (error) {
      log.error('before-push webhook failed', error, { seq })
      return 'everybody'
    }
  }

  /** Resolves when all after-webhooks sent until now are in the queue. */
  get afterWebhooksSent(): Promise<void> {
    return this.#sent
  }

  /** Sends the after-webhooks of messages that were just accepted. The caller does not wait. */
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

  /** Repeats the after-webhooks of messages stored at or after a time (ms): a crash may have prevented them. */
  resendAfterWebhooks(since: number): void {
    if (!hasAfterSendWebhook(this.#deps.config())) return
    const { conversationID } = this.#deps
    const stored = this.#deps.chat().storedSince(since)
    this.#queue(
      stored.map((row) => {
        const msg = MsgData.decode(row.msg)
        // Devices send their messages with the status "sending", backends without a status.
        const status = msg.msgFrom === MsgFrom.User ? MessageStatus.Sending : 0
        return { operationID: `alarm_${conversationID}`, conversationID, msg, status }
      }),
    )
  }

  #queue(messages: readonly AcceptedMessage[]): void {
    if (messages.length === 0) return
    const { config, log, openDatabase, queue } = this.#deps
    this.#channels ??= { db: openDatabase(), webhooks: new WebhookQueue(queue) }
    const context = { config: config(), log: log(), now: () => Date.now(), ...this.#channels }
    this.#sent = Promise.all([this.#sent, queueAfterSendWebhooks(context, messages)]).then(() => {})
  }
}
