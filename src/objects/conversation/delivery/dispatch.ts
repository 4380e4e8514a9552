import type { LogName } from '../../../contracts/messages.ts'
import type { RelayRpc } from '../../../contracts/relay.ts'
import type { UserRpc } from '../../../contracts/user.ts'
import type { Log } from '../../../platform/observability/log.ts'
import { ContentType, isNotificationKind } from '../../../protocol/constants/content-type.ts'
import type { Audience } from '../../../webhook/before-push.ts'
import type { ConversationState } from '../state/conversation-state.ts'
import { BeforePushGate } from './before-push-gate.ts'
import { deliverGroupChange, type MemberMoves } from './deliver-group-change.ts'
import { currentReceivers, deliverMessage } from './deliver-message.ts'
import { type NewMessage, Outbound } from './outbound.ts'
import { redeliver } from './redeliver.ts'
import type { GatedMessage, StampedMessage } from './stamped-message.ts'

/** The functions that the dispatch of a conversation calls. */
export interface DispatchDeps {
  conversationID: string
  state: ConversationState
  user(userID: string): UserRpc
  relay(name: string): RelayRpc
  /** Whether the app server is asked about a message before its online push. */
  needsBeforePush(message: GatedMessage): boolean
  /** Asks the app server. It never fails: an internal error must not stop a push. */
  callBeforePush(message: GatedMessage): Promise<Audience>
  /** A receiver became undelivered: an alarm has to retry it. */
  undeliveredAdded(): void
  log: Log
}

/**
 * Delivers appended messages to the members' objects or, in a large group, to relays. Each message first passes the
 * before-push gate, and then enters the delivery queues. Undelivered messages are retried.
 */
export class Dispatch {
  readonly #deps: DispatchDeps
  readonly #outbound: Outbound
  readonly #beforePushGate: BeforePushGate<GatedMessage>

  constructor(deps: DispatchDeps) {
    this.#deps = deps
    this.#outbound = new Outbound({ ...deps, redeliver: this.#redeliver })
    this.#beforePushGate = new BeforePushGate<GatedMessage>({
      needsWebhook: deps.needsBeforePush,
      callWebhook: deps.callBeforePush,
      failed: (error) => deps.log.error('delivery after the before-push webhook failed', error),
    })
  }

  /** True while a message waits in the before-push gate, or a receiver has not confirmed a batch. */
  get busy(): boolean {
    return this.#outbound.busy || this.#beforePushGate.busy
  }

  /** Resolves when all messages that are in the before-push gate now have left it. */
  get gateCleared(): Promise<void> {
    return this.#beforePushGate.cleared
  }

  /** When to retry the undelivered receivers, ms; null when every receiver has its messages. */
  retryAt(now: number): number | null {
    return this.#outbound.retryAt(now)
  }

  /**
   * When the oldest message in delivery was stored, ms; null when no stored message is in delivery.
   * @param began the answer for deliveries that change the membership: they have no time of their own
   */
  pendingSince(began: number): number | null {
    const { logs } = this.#deps.state
    const times = [
      this.#outbound.pendingSince(began),
      ...[...this.#beforePushGate.waiting()].map(({ item, seq }) => logs[item.log].storedTime(seq)),
    ].filter((time) => time !== null)
    return times.length === 0 ? null : Math.min(...times)
  }

  /** The lowest seq of a log that is still in delivery to a member; null when no seq is. */
  lowestPending(userID: string, log: LogName): number | null {
    if (!this.busy) return null
    // The queues hold older messages than the before-push gate.
    return this.#outbound.lowestPending(userID, log) ?? this.#lowestInGate(userID, log)
  }

  /**
   * Skips no further delivery to a member: a device of the member is online, or asks for the newest seqs. Redelivers what
   * could not be delivered before.
   * @param before a message of the member that was just stored: it is not redelivered
   */
  resumeMember(userID: string, before: NewMessage | null = null): void {
    this.#outbound.resumeMember(userID)
    this.#outbound.redeliverMissed(before?.seq ? before : undefined, userID)
  }

  /** Delivers a message to all members, or as the app server decides in the before-push gate. */
  deliver(stamped: StampedMessage): void {
    const receivers = currentReceivers(this.#outbound)
    this.#prepare(stamped)
    // A typing message does not wait: the user would have stopped typing before the app server answers.
    if (stamped.item.contentType === ContentType.Typing || !this.#beforePushGate.holds(stamped)) {
      deliverMessage(this.#outbound, stamped, 'everybody', receivers)
      return
    }
    // The receivers are the members at the time of the append: a user who joins meanwhile may not read the message, and
    // a user who leaves meanwhile may.
    this.#beforePushGate.pass([stamped], ([audience = 'everybody']) =>
      deliverMessage(this.#outbound, stamped, audience, receivers),
    )
  }

  /** Delivers the notices of a group change, and reports the change to the relays. */
  deliverGroupChange(notices: readonly StampedMessage[], moves: MemberMoves): void {
    this.#outbound.reloadShards()
    const receivers = currentReceivers(this.#outbound)
    for (const notice of notices) this.#prepare(notice)
    this.#beforePushGate.pass(notices, (audiences) => {
      const addressed = notices.map((notice, i) => ({ notice, audience: audiences[i] ?? 'everybody' }))
      deliverGroupChange(this.#outbound, addressed, moves, receivers)
    })
  }

  /** Redelivers to all receivers everything that was stored at or after a time (ms). */
  redeliver(since: number): void {
    this.#redeliver(since)
  }

  /** Retries the undelivered receivers. */
  retryUndelivered(): void {
    this.#outbound.retryUndelivered()
  }

  /** Steps before the first delivery of a message, ahead of the before-push gate, which keeps their order. */
  #prepare({ item, seq }: StampedMessage): void {
    if (seq === 0) return
    this.#outbound.redeliverMissed({ log: item.log, seq })
    // The object of a sender knows its own messages in flight, but no notice that a REST call delivers.
    if (item.skipSender && isNotificationKind(item.contentType)) {
      this.#outbound.noteOwnNotice(item.sendID, item.log, seq)
    }
  }

  readonly #redeliver = (since: number, receiver?: string, before?: NewMessage): void => {
    const { conversationID } = this.#deps
    const parts = { conversationID, outbound: this.#outbound, beforePushGate: this.#beforePushGate }
    redeliver(parts, { since, only: receiver, before })
  }

  /** The lowest seq of a log that waits in the before-push gate and will be delivered to a user. */
  #lowestInGate(userID: string, log: LogName): number | null {
    if (!this.#beforePushGate.busy) return null
    let lowest: number | null = null
    for (const { item, seq } of this.#beforePushGate.waiting()) {
      if (item.log !== log || seq === 0 || (item.skipSender && item.sendID === userID)) continue
      if (lowest === null || seq < lowest) lowest = seq
    }
    return lowest
  }
}
