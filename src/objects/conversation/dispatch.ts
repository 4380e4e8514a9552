import type { Log } from '../../platform/log.ts'
import type { Delivery, LogName, News, Relayed, RelayedMessage, RelayRpc, UserRpc } from '../../platform/rpc.ts'
import { isNotificationConversation, notificationTwin } from '../../protocol/conversation-id.ts'
import type { Stamped } from './append.ts'
import { FanOut, type Parcel } from './fan-out.ts'
import { changedSince, everyShardOf, rostersOf, shardsOf } from './group-mirror.ts'
import type { Members } from './members.ts'
import type { MessageLog } from './message-log.ts'
import { Undelivered } from './undelivered.ts'

/** What the dispatch of a conversation stands on. */
export interface DispatchDeps {
  sql: SqlStorage
  conversationID: string
  members(): Members
  logs(): Record<LogName, MessageLog>
  user(userID: string): UserRpc
  relay(name: string): RelayRpc
  /** Something is owed that waits for the alarm. */
  owes(): void
  log: Log
}

/** Who has come, who has gone, and whether relays have taken over with this. */
export interface Moves {
  joined: string[]
  left: string[]
  /** Who has gone, by the relay that served them: it may serve nobody any more. */
  leftShards: ReadonlyMap<number, string[]>
  handedOver: boolean
  /** Whether one of these is handed a notice; absent = all of them are. */
  concerns?(userID: string, notice: Stamped): boolean
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
  readonly #users: FanOut<Delivery>
  readonly #relays: FanOut<Relayed>
  #shards: number[]

  constructor(deps: DispatchDeps) {
    const { sql, log } = deps
    this.#deps = deps
    this.#undelivered = new Undelivered(sql)
    this.#shards = shardsOf(sql)
    const outcome = {
      gaveUp: (receiver: string, parcels: (Delivery | Relayed)[]) => this.#gaveUp(receiver, parcels),
      drained: (receiver: string) => this.#undelivered.settle(receiver),
      log,
    }
    this.#users = new FanOut<Delivery>({
      ...outcome,
      deliver: async (userID, parcel) => {
        await deps.user(userID).deliver(parcel)
      },
      standsAlone: movesSomebody,
    })
    this.#relays = new FanOut<Relayed>({
      ...outcome,
      deliver: (receiver, parcel) => this.#forward(receiver, parcel),
      standsAlone: movesSomebody,
    })
  }

  /** True while something is not confirmed by its receiver. */
  get busy(): boolean {
    return this.#users.busy || this.#relays.busy
  }

  /** When to try again what is owed; null when nothing is. */
  retryAt(now: number): number | null {
    return this.#undelivered.retryAt(now)
  }

  /** The lowest seq of the chat that is still on its way to somebody; null when there is none. */
  lowestPending(userID: string): number | null {
    const { conversationID } = this.#deps
    if (!this.busy) return null
    const shard = this.#deps.members().get(userID)?.shard ?? -1
    return shard < 0
      ? this.#users.lowestPending(userID, conversationID)
      : this.#relays.lowestPending(RELAY + shard, conversationID)
  }

  /** Brings a message to everyone who takes part. */
  message(stamped: Stamped): void {
    for (const userID of this.#deps.members().userIDs) this.#bring(userID, stamped)
    this.#toRelays(stamped)
  }

  /**
   * Brings the notices of a group's change. Who has come or gone gets them directly and learns what may be read; the
   * relays let go of those who left before, and take up those who came after.
   */
  change(notices: readonly Stamped[], { joined, left, leftShards, handedOver, concerns = () => true }: Moves): void {
    const members = this.#deps.members()
    this.#shards = shardsOf(this.#deps.sql)
    const relayed = members.group?.relayed ?? false
    for (const [shard, userIDs] of leftShards) this.#tellRelay(shard, { leave: userIDs })
    const moved = handedOver ? [...rostersOf(this.#deps.sql).values()].flat() : joined
    const bounded = new Set([...moved, ...left])
    const news = notices.filter(({ item }) => item.log === 'notification')
    const messages = notices.filter(({ item }) => item.log === 'chat')
    for (const userID of bounded) {
      // The news first: with the bounds a client reads its conversations again, and the Go core takes groups that it
      // meets there for known.
      for (const notice of news) if (concerns(userID, notice)) this.#bring(userID, notice)
      this.#tellBounds(userID)
      for (const message of messages) if (concerns(userID, message)) this.#bring(userID, message)
    }
    for (const userID of members.userIDs) {
      if (!bounded.has(userID)) for (const notice of notices) this.#bring(userID, notice)
    }
    if (!handedOver) for (const notice of notices) this.#toRelays(notice)
    if (!relayed) return
    if (handedOver) this.#sendRosters()
    else for (const [shard, userIDs] of this.#byShard(joined)) this.#tellRelay(shard, { join: userIDs })
  }

  /** Brings everything stored since a moment again, to all or to one receiver; they drop what they have. */
  again(since: number, only?: string): void {
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
        for (const userID of userIDs) {
          if (isRelay(userID) || !this.#mayRead(userID, log, seq)) continue
          this.#toUser(userID, { ...this.#news(log, userID), messages: [message], redelivered: true })
        }
        for (const shard of shards) {
          this.#tellRelay(shard, { log, messages: [{ ...message, exceptUserID: '' }], redelivered: true })
        }
      }
    }
  }

  /** Tries again what was given up. */
  retry(): void {
    for (const { userID, since } of this.#undelivered.all()) this.again(since, userID)
  }

  #bring(userID: string, { item, seq, sendTime, msg }: Stamped): void {
    const { sendID, operationID } = item
    if (userID === sendID && (item.senderHasIt || !item.senderSync)) return
    this.#toUser(userID, { ...this.#news(item.log, userID), messages: [{ seq, sendTime, sendID, operationID, msg }] })
  }

  #toRelays({ item, seq, sendTime, msg }: Stamped): void {
    const { sendID, operationID } = item
    const exceptUserID = item.senderHasIt || !item.senderSync ? sendID : ''
    const messages = [{ seq, sendTime, sendID, operationID, msg, exceptUserID }]
    for (const shard of this.#shards) this.#tellRelay(shard, { log: item.log, messages })
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

  #byShard(userIDs: readonly string[]): Map<number, string[]> {
    const members = this.#deps.members()
    return Map.groupBy(userIDs, (userID) => members.get(userID)?.shard ?? 0)
  }

  async #forward(receiver: string, parcel: Relayed): Promise<void> {
    const missed = await this.#deps.relay(this.#relayName(Number(receiver.slice(RELAY.length)))).forward(parcel)
    if (missed.length === 0) return
    const since = this.#storedTimeOf([parcel])
    if (since === null) return
    for (const userID of missed) this.#undelivered.note(userID, since)
    this.#deps.owes()
  }

  /** Remembers from where on a receiver is owed. */
  #gaveUp(receiver: string, parcels: (Delivery | Relayed)[]): void {
    const since = this.#storedTimeOf(parcels)
    // What was not stored was for whoever was there; but who has come or gone must learn of it.
    if (since === null && !parcels.some(movesSomebody)) return
    this.#undelivered.note(receiver, since ?? Date.now())
    this.#deps.owes()
  }

  #storedTimeOf(parcels: readonly Parcel[]): number | null {
    const times = parcels
      .flatMap(({ conversationID, messages }) => {
        const log = this.#deps.logs()[isNotificationConversation(conversationID) ? 'notification' : 'chat']
        return messages.map((message) => log.storedTime(message.seq))
      })
      .filter((time) => time !== null)
    return times.length === 0 ? null : Math.min(...times)
  }

  #news(log: LogName, userID: string): News {
    const home = this.#deps.conversationID
    const about = this.#deps.members().aboutFor(userID)
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
