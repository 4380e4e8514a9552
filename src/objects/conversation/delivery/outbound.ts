import type { LogName, LogUpdate } from '../../../contracts/messages.ts'
import type { Relayed, RelayRpc } from '../../../contracts/relay.ts'
import type { Delivery, UserRpc } from '../../../contracts/user.ts'
import type { Log } from '../../../platform/observability/log.ts'
import { isNotificationConversation, notificationTwin } from '../../../protocol/conversation-id.ts'
import type { ConversationState } from '../state/conversation-state.ts'
import { rostersOf, shardsInUse } from '../state/shards.ts'
import { Undelivered } from '../state/undelivered.ts'
import { batchesOf, type DeliveryBatch, DeliveryQueues } from './delivery-queues.ts'
import { Newcomers } from './newcomers.ts'
import { OfflineMembers } from './offline-members.ts'
import { OwnNotices } from './own-notices.ts'
import { isRelay, relayReceiver, shardOf } from './relay-receiver.ts'

/** At most this many missed messages are redelivered before the next new message. */
const MAX_MISSED_FIRST = 200

/** A message that is about to be delivered for the first time. */
export interface NewMessage {
  log: LogName
  seq: number
}

export interface OutboundDeps {
  conversationID: string
  state: ConversationState
  user(userID: string): UserRpc
  relay(name: string): RelayRpc
  /** Redelivers to one receiver everything that was stored at or after a time (ms), up to a new message. */
  redeliver(since: number, receiver: string, before?: NewMessage): void
  /** A receiver became undelivered: an alarm has to retry it. */
  undeliveredAdded(): void
  log: Log
}

/**
 * The deliveries of a conversation: the queues to members' objects and to relays, the offline members that are skipped,
 * and the receivers that could not be reached.
 */
export class Outbound {
  readonly state: ConversationState
  readonly #deps: OutboundDeps
  readonly #users: DeliveryQueues<Delivery>
  readonly #relays: DeliveryQueues<Relayed>
  readonly #offlineMembers = new OfflineMembers()
  readonly #ownNotices = new OwnNotices()
  readonly #newcomers = new Newcomers()
  readonly #undelivered: Undelivered
  /** Undelivered receivers whose missing messages are all in a queue. */
  readonly #redelivering = new Set<string>()
  #shards: readonly number[]

  constructor(deps: OutboundDeps) {
    this.#deps = deps
    this.state = deps.state
    this.#undelivered = new Undelivered(deps.state.sql)
    this.#shards = shardsInUse(deps.state.sql)
    const common = {
      gaveUp: (receiver: string, batches: (Delivery | Relayed)[]) => this.#gaveUp(receiver, batches),
      drained: (receiver: string) => this.#drained(receiver),
      log: deps.log,
    }
    this.#users = new DeliveryQueues<Delivery>({
      ...common,
      deliver: (userID, delivery) => this.#callUser(userID, delivery),
      startsCall: carriesMembership,
      combines: true,
    })
    this.#relays = new DeliveryQueues<Relayed>({
      ...common,
      deliver: (receiver, relayed) => this.#callRelay(receiver, relayed),
      startsCall: carriesMembership,
    })
  }

  /** The shards that have members. */
  get shards(): readonly number[] {
    return this.#shards
  }

  /** Reads the shards again, after a change of the group. */
  reloadShards(): void {
    this.#shards = shardsInUse(this.state.sql)
  }

  /** True while a receiver has not confirmed a batch. */
  get busy(): boolean {
    return this.#users.busy || this.#relays.busy
  }

  /**
   * When the oldest message in the queues was stored, ms; null when the queues hold no stored message.
   * @param began the answer for batches that change the membership: they have no time of their own
   */
  pendingSince(began: number): number | null {
    const batches = [...this.#users.pending(), ...this.#relays.pending()]
    const stored = this.#storedTimeOf(batches)
    if (this.#newcomers.isEmpty && !batches.some(carriesMembership)) return stored
    return Math.min(began, stored ?? began)
  }

  /**
   * The lowest seq of a log that a member, or the member's relay, has not confirmed; null when all are confirmed.
   */
  lowestPending(userID: string, log: LogName): number | null {
    const logID = this.#logID(log)
    // A member behind a relay gets missed messages directly.
    const direct = this.#users.lowestPending(userID, logID)
    const shard = this.state.members.get(userID)?.shard ?? -1
    const relayed = shard < 0 ? null : this.#relays.lowestPending(relayReceiver(shard), logID)
    return direct === null || relayed === null ? (direct ?? relayed) : Math.min(direct, relayed)
  }

  /** Notes that a call delivers a stored notice to its caller itself, after its reply. */
  noteOwnNotice(userID: string, log: LogName, seq: number): void {
    this.#ownNotices.add(userID, log, seq, Date.now())
  }

  /** Whether delivery of a message is skipped, because the member is offline and the log is marked unread. */
  skips(userID: string, log: LogName, seq: number): boolean {
    // While deliveries to this member are in flight, skip none: a skipped one would leave a gap.
    return this.#offlineMembers.skips(userID, log, seq) && !this.#users.isDelivering(userID)
  }

  /** Skips no further delivery to a member. */
  resumeMember(userID: string): void {
    this.#offlineMembers.resume(userID)
  }

  /** @param members the members at the time of the message, where they may have been dropped since */
  toMember(
    userID: string,
    log: LogName,
    content: Pick<Delivery, 'messages' | 'bounds' | 'redelivered'>,
    members = this.state.members,
  ): void {
    const ownSeq = this.#ownNotices.lowest(userID, log, Date.now)
    const isHigher = ownSeq !== null && content.messages.some(({ seq }) => seq > ownSeq)
    const expected = isHigher ? { expectFrom: ownSeq } : {}
    this.#users.push(userID, { ...this.#newsFor(log, userID, members), ...content, ...expected })
  }

  /** Sends a member's current bounds: which part of the group's chat the member may read, and which relay delivers. */
  boundsToMember(userID: string): void {
    const bounds = this.state.members.boundsOf(userID, (shard) => this.#relayName(shard))
    this.toMember(userID, 'chat', { messages: [], bounds })
  }

  toRelay(
    shard: number,
    log: LogName,
    content: Partial<Pick<Relayed, 'roster' | 'join' | 'offline' | 'leave' | 'messages' | 'redelivered'>>,
  ): void {
    this.#relays.push(relayReceiver(shard), {
      ...this.#newsFor(log, ''),
      ...{ join: [], leave: [], messages: [] },
      ...content,
    })
  }

  /**
   * Adds members to their relays, once they have the deliveries that are in their queues now. Until then the conversation
   * delivers to them itself.
   */
  addToRelays(userIDs: readonly string[]): void {
    for (const userID of userIDs) {
      const { shard = -1 } = this.state.members.get(userID) ?? {}
      if (shard >= 0) this.#newcomers.add(userID, shard)
    }
    this.#joinRelays()
  }

  /** The members of a large group whose relay does not serve them yet: the conversation delivers to them. */
  get newcomers(): Iterable<string> {
    return this.#newcomers.userIDs
  }

  /** Forgets the users who have left. */
  dropNewcomers(userIDs: readonly string[]): void {
    for (const userID of userIDs) this.#newcomers.drop(userID)
    this.#joinRelays()
  }

  /** Sends each relay the complete list of its members. */
  rostersToRelays(shards = this.#shards): void {
    const rosters = rostersOf(this.state.sql)
    for (const shard of shards) this.toRelay(shard, 'chat', { roster: rosters.get(shard) ?? [] })
  }

  /** When to retry the undelivered receivers, ms; null when every receiver has its messages. */
  retryAt(now: number): number | null {
    return this.#undelivered.retryAt(now)
  }

  /**
   * Retries the undelivered receivers. A receiver with a delivery in flight is left out, because the result of the
   * delivery decides.
   */
  retryUndelivered(): void {
    for (const { userID } of this.#undelivered.all()) {
      if (!(isRelay(userID) ? this.#relays : this.#users).isDelivering(userID)) this.#redeliver(userID)
    }
  }

  /**
   * Redelivers the missed messages to the undelivered receivers, or to one of them. The call must precede the next new
   * message: a receiver that got the new message first would push the missed ones behind it. A receiver that fails for
   * long gets its backlog once a delivery succeeds, because each message would read the whole backlog again.
   */
  redeliverMissed(before?: NewMessage, only?: string): void {
    if (this.#undelivered.isEmpty) return
    for (const { userID, since } of this.#undelivered.all()) {
      if ((only !== undefined && userID !== only) || this.#redelivering.has(userID)) continue
      if (this.#countStoredSince(since) <= MAX_MISSED_FIRST) this.#redeliver(userID, before)
    }
  }

  #countStoredSince(since: number): number {
    const { chat, notification } = this.state.logs
    return [chat, notification].reduce((sum, log) => sum + log.maxSeq - log.newestSeqBefore(since - 1), 0)
  }

  #redeliver(receiver: string, before?: NewMessage): void {
    const since = this.#undelivered.since(receiver)
    if (since === null) return
    this.#redelivering.add(receiver)
    this.#deps.redeliver(since, receiver, before)
  }

  async #callUser(userID: string, delivery: Delivery): Promise<void> {
    const delivered = this.#deps.user(userID).deliver(delivery)
    const result = await this.#offlineMembers.track(userID, logsMarkedBy(delivery), delivered)
    this.#newcomers.delivered(userID, result === 'online')
  }

  async #callRelay(receiver: string, relayed: Relayed): Promise<void> {
    const missed = await this.#deps.relay(this.#relayName(shardOf(receiver))).forward(relayed)
    if (missed.length === 0) return
    const since = this.#storedTimeOf([relayed])
    if (since === null) return
    for (const userID of missed) this.#noteUndelivered(userID, since)
    this.#deps.undeliveredAdded()
  }

  #gaveUp(receiver: string, batches: (Delivery | Relayed)[]): void {
    const since = this.#storedTimeOf(batches)
    // Unstored messages were only for online members. A change of the membership must arrive in any case.
    if (since !== null || batches.some(carriesMembership)) {
      this.#noteUndelivered(receiver, since ?? Date.now())
      this.#deps.undeliveredAdded()
    }
    // The relay serves a newcomer even so: the member's object may be reachable again.
    this.#newcomers.delivered(receiver, true)
    this.#joinRelays()
  }

  #noteUndelivered(receiver: string, since: number): void {
    this.#undelivered.note(receiver, since)
    // Redeliveries already in flight do not cover the messages that are missing now.
    this.#redelivering.delete(receiver)
  }

  /**
   * Handles a receiver that confirmed its whole queue. Older undelivered messages that were not in the queue follow
   * now.
   */
  #drained(receiver: string): void {
    if (this.#redelivering.delete(receiver)) this.#undelivered.settle(receiver)
    else this.#redeliver(receiver)
    this.#joinRelays()
  }

  /** Adds the newcomers to their relays who have their notices, when the other newcomers need not be waited for. */
  #joinRelays(): void {
    for (const [shard, { join, offline }] of this.#newcomers.takeReady((userID) => this.#users.isDelivering(userID))) {
      this.toRelay(shard, 'chat', { join, offline })
    }
  }

  /** When the oldest message of the batches was stored: the first of each log, because times ascend with seqs. */
  #storedTimeOf(batches: readonly DeliveryBatch[]): number | null {
    const seqs: Record<LogName, Set<number>> = { chat: new Set(), notification: new Set() }
    for (const { conversationID, messages } of batches) {
      const log = isNotificationConversation(conversationID) ? 'notification' : 'chat'
      for (const { seq } of messages) if (seq > 0) seqs[log].add(seq)
    }
    const times = (['chat', 'notification'] as const).flatMap((log) => {
      for (const seq of [...seqs[log]].sort((a, b) => a - b)) {
        const time = this.state.logs[log].storedTime(seq)
        if (time !== null) return [time]
      }
      return []
    })
    return times.length === 0 ? null : Math.min(...times)
  }

  #newsFor(log: LogName, userID: string, members = this.state.members): LogUpdate {
    const about = members.aboutFor(userID)
    if (!about) throw new Error('a conversation without a first message has no members')
    return { conversationID: this.#logID(log), home: this.#deps.conversationID, about }
  }

  #logID(log: LogName): string {
    const home = this.#deps.conversationID
    return log === 'chat' ? home : notificationTwin(home)
  }

  #relayName(shard: number): string {
    return `${this.#deps.conversationID}/${shard}`
  }
}

/** Whether a batch carries more than messages: a roster, joins, leaves, or a member's new bounds. */
function carriesMembership(batch: Delivery | Relayed): boolean {
  if (!('roster' in batch || 'join' in batch)) return 'bounds' in batch && batch.bounds !== undefined
  return batch.roster !== undefined || batch.join.length > 0 || batch.leave.length > 0
}

/** The logs that a delivery marks as unread; the log of an unstored message when it marks none. */
function logsMarkedBy(delivery: Delivery): LogName[] {
  const deliveries = batchesOf(delivery)
  const marking = deliveries.filter(({ bounds, messages }) => bounds || messages.some(({ seq }) => seq > 0))
  return (marking.length > 0 ? marking : deliveries).map(({ conversationID, home }) =>
    conversationID === home ? 'chat' : 'notification',
  )
}
