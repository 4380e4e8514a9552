import type { DeliveredMessage, LogName, News } from '../../../contracts/messages.ts'
import type { Relayed, RelayedMessage, RelayRpc } from '../../../contracts/relay.ts'
import type { Delivery, UserRpc } from '../../../contracts/user.ts'
import type { Log } from '../../../platform/observability/log.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { isNotificationConversation, notificationTwin } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { type Audience, isInAudience } from '../../../webhook/before-push.ts'
import { changedSince, everyShardOf, rostersOf, shardsOf } from '../group/group-mirror.ts'
import type { StampedMessage } from '../log/append.ts'
import type { MessageLog } from '../log/message-log.ts'
import type { Members } from '../members/members.ts'
import { type DeliveryBatch, DeliveryQueues } from './delivery-queues.ts'
import { OfflineMembers } from './offline-members.ts'
import { Undelivered } from './undelivered.ts'
import { WebhookGate } from './webhook-gate.ts'

/** What the dispatch of a conversation stands on. */
export interface DispatchDeps {
  sql: SqlStorage
  conversationID: string
  members(): Members
  logs(): Record<LogName, MessageLog>
  user(userID: string): UserRpc
  relay(name: string): RelayRpc
  /** Whether the app is asked about a message before it is pushed. */
  needsBeforePush(message: GatedMessage): boolean
  /** Never fails: what goes wrong without the app's doing stops no push. */
  callBeforePush(message: GatedMessage): Promise<Audience>
  /** Something is owed that waits for the alarm. */
  undeliveredAdded(): void
  log: Log
}

/** What has to be known of a message on its way past the app. */
export interface GatedMessage {
  item: Pick<StampedMessage['item'], 'log' | 'sendID' | 'senderHasIt' | 'operationID' | 'sessionType' | 'contentType'>
  seq: number
  msg: Uint8Array
}

/** Who has come, who has gone, and whether relays have taken over with this. */
export interface MemberMoves {
  joined: string[]
  left: string[]
  /** Who has gone, by the relay that served them: it may serve nobody any more. */
  leftShards: ReadonlyMap<number, string[]>
  handedOver: boolean
  /** Whether one of these is handed a notice; absent = all of them are. */
  concerns?(userID: string, notice: StampedMessage): boolean
}

/** Members who are served directly, and the relays of the others. */
interface Receivers {
  /** As they were then: a conversation in which nothing was stored yet forgets them at once. */
  members: Members
  userIDs: readonly string[]
  shards: readonly number[]
}

/** Before a relay's number, where receivers are listed: no userID begins so. */
const RELAY = '\0'

/**
 * Brings what was stored to those who take part: to each member's object, or, in a large group, to relays that know
 * who listens. What cannot be brought is owed and tried again.
 */
export class Dispatch {
  readonly #deps: DispatchDeps
  readonly #undelivered: Undelivered
  readonly #users: DeliveryQueues<Delivery>
  readonly #relays: DeliveryQueues<Relayed>
  readonly #webhookGate: WebhookGate<GatedMessage>
  readonly #offlineMembers = new OfflineMembers()
  /** Those to whom all that they are owed is on its way. */
  readonly #repaid = new Set<string>()
  #shards: number[]

  constructor(deps: DispatchDeps) {
    const { sql, log } = deps
    this.#deps = deps
    this.#undelivered = new Undelivered(sql)
    this.#shards = shardsOf(sql)
    const outcome = {
      gaveUp: (receiver: string, parcels: (Delivery | Relayed)[]) => this.#gaveUp(receiver, parcels),
      drained: (receiver: string) => this.#drained(receiver),
      log,
    }
    this.#users = new DeliveryQueues<Delivery>({
      ...outcome,
      deliver: (userID, parcel) => this.#hand(userID, parcel),
      standsAlone: movesSomebody,
    })
    this.#relays = new DeliveryQueues<Relayed>({
      ...outcome,
      deliver: (receiver, parcel) => this.#forward(receiver, parcel),
      standsAlone: movesSomebody,
    })
    this.#webhookGate = new WebhookGate<GatedMessage>({
      asks: deps.needsBeforePush,
      ask: deps.callBeforePush,
      failed: (error) => log.error('messages were not handed on', error),
    })
  }

  /** True while something is not confirmed by its receiver. */
  get busy(): boolean {
    return this.#users.busy || this.#relays.busy || this.#webhookGate.busy
  }

  /** Resolves when the app has been heard about all that waits for it now. */
  get gateCleared(): Promise<void> {
    return this.#webhookGate.cleared
  }

  /** When to try again what is owed; null when nothing is. */
  retryAt(now: number): number | null {
    return this.#undelivered.retryAt(now)
  }

  /**
   * When the oldest of what is on its way was stored; null when nothing of it is stored.
   * @param began since when somebody may be told of having come or gone: the time of that is not known
   */
  pendingSince(began: number): number | null {
    const parcels = [...this.#users.pending(), ...this.#relays.pending()]
    const times = [
      this.#storedTimeOf(parcels),
      ...[...this.#webhookGate.waiting()].map(({ item, seq }) => this.#deps.logs()[item.log].storedTime(seq)),
      parcels.some(movesSomebody) ? began : null,
    ].filter((time) => time !== null)
    return times.length === 0 ? null : Math.min(...times)
  }

  /** The lowest seq of the chat that is still on its way to somebody; null when there is none. */
  lowestPending(userID: string): number | null {
    const { conversationID } = this.#deps
    if (!this.busy) return null
    const shard = this.#deps.members().get(userID)?.shard ?? -1
    const onItsWay =
      shard < 0
        ? this.#users.lowestPending(userID, conversationID)
        : this.#relays.lowestPending(RELAY + shard, conversationID)
    // What is on its way is before what still waits for the app.
    return onItsWay ?? this.#lowestAsked(userID)
  }

  /** A member asks for what there is, or is here: from now on everything is brought. */
  resumeMember(userID: string): void {
    this.#offlineMembers.resume(userID)
  }

  /** Brings a message to everyone who takes part, unless the app says otherwise. */
  deliver(stamped: StampedMessage): void {
    const receivers = this.#receivers()
    // Typing is over before the app has answered about anything.
    if (stamped.item.contentType === ContentType.Typing || !this.#webhookGate.holds(stamped)) {
      this.#spread(stamped, 'everybody', receivers)
      return
    }
    // It is for those who take part now: who comes while the app thinks may not read it, who goes may.
    this.#webhookGate.pass([stamped], ([audience = 'everybody']) => this.#spread(stamped, audience, receivers))
  }

  /**
   * Brings the notices of a group's change. Who has come or gone gets them directly and learns what may be read; the
   * relays let go of those who left before, and take up those who came after.
   */
  deliverGroupChange(notices: readonly StampedMessage[], moves: MemberMoves): void {
    this.#shards = shardsOf(this.#deps.sql)
    const receivers = this.#receivers()
    this.#webhookGate.pass(notices, (audiences) => {
      const heard = notices.map((notice, i) => ({ notice, audience: audiences[i] ?? 'everybody' }))
      this.#change(heard, moves, receivers)
    })
  }

  #change(
    notices: readonly { notice: StampedMessage; audience: Audience }[],
    { joined, left, leftShards, handedOver, concerns = () => true }: MemberMoves,
    { userIDs, shards }: Receivers,
  ): void {
    const members = this.#deps.members()
    const relayed = members.group?.relayed ?? false
    for (const [shard, leavers] of leftShards) this.#tellRelay(shard, { leave: leavers })
    const moved = handedOver ? [...rostersOf(this.#deps.sql).values()].flat() : joined
    const bounded = new Set([...moved, ...left])
    const news = notices.filter(({ notice }) => notice.item.log === 'notification')
    const messages = notices.filter(({ notice }) => notice.item.log === 'chat')
    for (const userID of bounded) {
      this.#offlineMembers.resume(userID)
      // The news first: with the bounds a client reads its conversations again, and the Go core takes groups that it
      // meets there for known.
      for (const { notice, audience } of news) if (concerns(userID, notice)) this.#bring(userID, notice, audience)
      this.#tellBounds(userID)
      for (const { notice, audience } of messages) if (concerns(userID, notice)) this.#bring(userID, notice, audience)
    }
    for (const userID of userIDs) {
      if (!bounded.has(userID)) for (const { notice, audience } of notices) this.#bring(userID, notice, audience)
    }
    if (!handedOver) for (const { notice, audience } of notices) this.#toRelays(shards, notice, audience)
    if (!relayed) return
    if (handedOver) this.#sendRosters()
    else for (const [shard, comers] of this.#byShard(joined)) this.#tellRelay(shard, { join: comers })
  }

  /** Brings everything stored since a moment again, to all or to one receiver; they drop what they have. */
  redeliver(since: number, only?: string): void {
    const { conversationID } = this.#deps
    const members = this.#deps.members()
    const moved = only === undefined ? changedSince(this.#deps.sql, since) : members.group ? [only] : []
    for (const userID of moved) if (!isRelay(userID)) this.#tellBounds(userID)
    const userIDs = only === undefined ? [...new Set([...members.userIDs, ...moved])] : [only]
    const told = everyShardOf(this.#deps.sql)
      .map(({ shard }) => shard)
      .filter((shard) => only === undefined || only === RELAY + shard)
    // Whom nobody is left to serve is told so, too: somebody may come to it again.
    if (told.length > 0) this.#sendRosters(told)
    const shards = told.filter((shard) => this.#shards.includes(shard))
    for (const log of ['chat', 'notification'] as const) {
      for (const { seq, sendTime, sendID, msg } of this.#deps.logs()[log].storedSince(since)) {
        const message = { seq, sendTime, sendID, operationID: '', msg }
        const { sessionType, contentType } = MsgData.decode(msg)
        const item = {
          log,
          sendID,
          senderHasIt: false,
          operationID: `alarm_${conversationID}`,
          sessionType,
          contentType,
        }
        // What the app has said about it is forgotten with the rest.
        this.#webhookGate.pass([{ item, seq, msg }], ([audience = 'everybody']) => {
          for (const userID of userIDs) {
            if (isRelay(userID) || !this.#mayRead(userID, log, seq)) continue
            const messages = [{ ...message, ...(!isInAudience(audience, userID) && { silent: true }) }]
            this.#toUser(userID, { ...this.#news(log, userID), messages, redelivered: true })
          }
          const heardIn = this.#heardIn(shards, audience)
          for (const shard of shards) {
            const messages = [{ ...message, exceptUserID: '', ...heardIn(shard) }]
            this.#tellRelay(shard, { log, messages, redelivered: true })
          }
        })
      }
    }
  }

  /** Tries again what was given up, unless something is on its way there: that tells whether it can be reached. */
  retryUndelivered(): void {
    for (const { userID } of this.#undelivered.all()) {
      if (!(isRelay(userID) ? this.#relays : this.#users).isDelivering(userID)) this.#repay(userID)
    }
  }

  #repay(receiver: string): void {
    const since = this.#undelivered.since(receiver)
    if (since === null) return
    this.#repaid.add(receiver)
    this.redeliver(since, receiver)
  }

  #receivers(): Receivers {
    const members = this.#deps.members()
    return { members, userIDs: members.userIDs, shards: this.#shards }
  }

  #spread(stamped: StampedMessage, audience: Audience, { members, userIDs, shards }: Receivers): void {
    for (const userID of userIDs) this.#bring(userID, stamped, audience, members)
    this.#toRelays(shards, stamped, audience)
  }

  #bring(
    userID: string,
    { item, seq, sendTime, msg }: StampedMessage,
    audience: Audience,
    members = this.#deps.members(),
  ): void {
    const { sendID, operationID } = item
    if (userID === sendID && (item.senderHasIt || !item.senderSync)) return
    // Behind what is on its way nothing is left out, so that the order has no gap.
    if (this.#offlineMembers.skips(userID, item.log, seq) && !this.#users.isDelivering(userID)) return
    const message: DeliveredMessage = { seq, sendTime, sendID, operationID, msg }
    if (!isInAudience(audience, userID)) {
      // What is not stored is for those who hear it now.
      if (seq === 0) return
      message.silent = true
    }
    this.#toUser(userID, { ...this.#news(item.log, userID, members), messages: [message] })
  }

  #toRelays(shards: readonly number[], { item, seq, sendTime, msg }: StampedMessage, audience: Audience): void {
    const { sendID, operationID } = item
    const exceptUserID = item.senderHasIt || !item.senderSync ? sendID : ''
    const heardIn = this.#heardIn(shards, audience)
    for (const shard of shards) {
      const messages = [{ seq, sendTime, sendID, operationID, msg, exceptUserID, ...heardIn(shard) }]
      this.#tellRelay(shard, { log: item.log, messages })
    }
  }

  /** What each relay is told of an audience. */
  #heardIn(
    shards: readonly number[],
    audience: Audience,
  ): (shard: number) => Pick<RelayedMessage, 'silent' | 'onlyUserIDs'> {
    if (shards.length === 0 || audience === 'everybody') return () => ({})
    if (audience === 'nobody') return () => ({ silent: true })
    const byShard = this.#byShard([...audience])
    return (shard) => ({ onlyUserIDs: byShard.get(shard) ?? [] })
  }

  /** The lowest seq of the chat that waits for the app and is to come to that user from here. */
  #lowestAsked(userID: string): number | null {
    if (!this.#webhookGate.busy) return null
    let lowest: number | null = null
    for (const { item, seq } of this.#webhookGate.waiting()) {
      if (item.log !== 'chat' || seq === 0 || (item.senderHasIt && item.sendID === userID)) continue
      if (lowest === null || seq < lowest) lowest = seq
    }
    return lowest
  }

  /** Who has left is still told what came before, the news of leaving included. */
  #mayRead(userID: string, log: LogName, seq: number): boolean {
    const leftSeq = this.#deps.members().get(userID)?.leftSeq ?? -1
    return leftSeq < 0 || (log === 'chat' && seq <= leftSeq)
  }

  #toUser(userID: string, delivery: Delivery): void {
    this.#users.push(userID, delivery)
  }

  #tellBounds(userID: string): void {
    const bounds = this.#deps.members().boundsOf(userID, (shard) => this.#relayName(shard))
    this.#toUser(userID, { ...this.#news('chat', userID), messages: [], bounds })
  }

  #sendRosters(shards = this.#shards): void {
    const rosters = rostersOf(this.#deps.sql)
    for (const shard of shards) this.#tellRelay(shard, { roster: rosters.get(shard) ?? [] })
  }

  #tellRelay(
    shard: number,
    {
      log = 'chat',
      ...said
    }: { log?: LogName } & Partial<Pick<Relayed, 'roster' | 'join' | 'leave' | 'redelivered'>> & {
        messages?: RelayedMessage[]
      },
  ): void {
    this.#relays.push(RELAY + shard, { ...this.#news(log, ''), join: [], leave: [], messages: [], ...said })
  }

  /** Those of the users who are members still, by relay. */
  #byShard(userIDs: readonly string[]): Map<number, string[]> {
    const members = this.#deps.members()
    return Map.groupBy(
      userIDs.filter((userID) => members.has(userID)),
      (userID) => members.get(userID)?.shard ?? 0,
    )
  }

  #hand(userID: string, delivery: Delivery): Promise<void> {
    const log = delivery.conversationID === delivery.home ? 'chat' : 'notification'
    return this.#offlineMembers.track(userID, log, this.#deps.user(userID).deliver(delivery))
  }

  async #forward(receiver: string, parcel: Relayed): Promise<void> {
    const missed = await this.#deps.relay(this.#relayName(Number(receiver.slice(RELAY.length)))).forward(parcel)
    if (missed.length === 0) return
    const since = this.#storedTimeOf([parcel])
    if (since === null) return
    for (const userID of missed) this.#owe(userID, since)
    this.#deps.undeliveredAdded()
  }

  /** Remembers from where on a receiver is owed. */
  #gaveUp(receiver: string, parcels: (Delivery | Relayed)[]): void {
    const since = this.#storedTimeOf(parcels)
    // What was not stored was for whoever was there; but who has come or gone must learn of it.
    if (since === null && !parcels.some(movesSomebody)) return
    this.#owe(receiver, since ?? Date.now())
    this.#deps.undeliveredAdded()
  }

  #owe(receiver: string, since: number): void {
    this.#undelivered.note(receiver, since)
    // What is on its way does not pay for this.
    this.#repaid.delete(receiver)
  }

  /** A receiver has all that was on its way; what was owed before may not have been among it. */
  #drained(receiver: string): void {
    if (this.#repaid.delete(receiver)) this.#undelivered.settle(receiver)
    else this.#repay(receiver)
  }

  /** When the oldest message of these was stored: the first of each log, since times ascend with seqs. */
  #storedTimeOf(parcels: readonly DeliveryBatch[]): number | null {
    const seqs: Record<LogName, Set<number>> = { chat: new Set(), notification: new Set() }
    for (const { conversationID, messages } of parcels) {
      const log = isNotificationConversation(conversationID) ? 'notification' : 'chat'
      for (const { seq } of messages) if (seq > 0) seqs[log].add(seq)
    }
    const times = (['chat', 'notification'] as const).flatMap((log) => {
      for (const seq of [...seqs[log]].sort((a, b) => a - b)) {
        const time = this.#deps.logs()[log].storedTime(seq)
        if (time !== null) return [time]
      }
      return []
    })
    return times.length === 0 ? null : Math.min(...times)
  }

  #news(log: LogName, userID: string, members = this.#deps.members()): News {
    const home = this.#deps.conversationID
    const about = members.aboutFor(userID)
    if (!about) throw new Error('a conversation without a kind has no members')
    return { conversationID: log === 'chat' ? home : notificationTwin(home), home, about }
  }

  #relayName(shard: number): string {
    return `${this.#deps.conversationID}/${shard}`
  }
}

function isRelay(receiver: string): boolean {
  return receiver.startsWith(RELAY)
}

/** Whether a parcel says more than its messages. */
function movesSomebody(parcel: Delivery | Relayed): boolean {
  if (!('roster' in parcel || 'join' in parcel)) return 'bounds' in parcel && parcel.bounds !== undefined
  return parcel.roster !== undefined || parcel.join.length > 0 || parcel.leave.length > 0
}
