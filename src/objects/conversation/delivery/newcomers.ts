import type { DeliveryResult } from '../../../contracts/user.ts'

/** At most this many newcomers of a shard join their relay with one call. */
const MAX_JOINED_AT_ONCE = 250

interface Newcomer {
  shard: number
  /** When the notice of joining was stored, ms. */
  since: number
  /** The number of messages that went to the relays before the member joined. */
  relayedBefore: number
  /** Whether the member has the notice of joining. */
  hasNotice: boolean
  /** Whether further messages must be delivered: the member is online, or its object asked for each message. */
  needsMessages: boolean
}

/** Members who join their relay, and those of them who were offline. */
export interface RelayJoin {
  join: string[]
  offline: string[]
}

/**
 * The members who are assigned to a relay that does not serve them yet, because they do not have the notice of joining.
 * Their relay then learns which of them are offline, so that the next message calls no object of theirs. Messages that
 * come before the notice is delivered are not queued for each newcomer: those who need them get them from the log. Memory
 * only: after a crash the relays get their whole rosters.
 */
export class Newcomers {
  readonly #newcomers = new Map<string, Newcomer>()
  /** The number of newcomers of each shard, and of those who have their notices. */
  readonly #shards = new Map<number, { all: number; withNotice: number }>()
  /** The newcomers that the conversation itself serves. */
  readonly #served = new Set<string>()
  #relayed = 0

  get isEmpty(): boolean {
    return this.#newcomers.size === 0
  }

  /** The newcomers who have their notices and need further messages. */
  get served(): Iterable<string> {
    return this.#served
  }

  add(userID: string, shard: number, since: number): void {
    this.drop(userID)
    const state = { hasNotice: false, needsMessages: false }
    this.#newcomers.set(userID, { shard, since, relayedBefore: this.#relayed, ...state })
    this.#countsOf(shard).all++
  }

  drop(userID: string): void {
    const known = this.#newcomers.get(userID)
    if (!known) return
    this.#newcomers.delete(userID)
    this.#served.delete(userID)
    const counts = this.#countsOf(known.shard)
    counts.all--
    if (known.hasNotice) counts.withNotice--
    if (counts.all === 0) this.#shards.delete(known.shard)
  }

  /** Counts a message that goes to the relays. */
  countRelayed(): void {
    this.#relayed++
  }

  /** Notes the result of a delivery. Users who are no newcomers are ignored. */
  delivered(userID: string, result: DeliveryResult): void {
    const newcomer = this.#newcomers.get(userID)
    if (newcomer && result !== 'marked') newcomer.needsMessages = true
  }

  /** A device of the user is online, or asks for the newest seqs: further messages must be delivered. */
  resume(userID: string): void {
    const newcomer = this.#newcomers.get(userID)
    if (!newcomer) return
    newcomer.needsMessages = true
    if (newcomer.hasNotice) this.#served.add(userID)
  }

  /**
   * Notes that every delivery to a user is confirmed.
   * @returns the time (ms) since which messages are missing; null when none is missing
   */
  confirmed(userID: string): number | null {
    const newcomer = this.#newcomers.get(userID)
    if (!newcomer || newcomer.hasNotice) return null
    newcomer.hasNotice = true
    this.#countsOf(newcomer.shard).withNotice++
    if (!newcomer.needsMessages) return null
    this.#served.add(userID)
    return newcomer.relayedBefore < this.#relayed ? newcomer.since : null
  }

  /**
   * Takes the newcomers who may join their relays now, by shard: when all newcomers of a shard have their notices, or
   * enough of them.
   * @param isDelivering whether a delivery to the user is in flight, which the relay could overtake
   */
  takeReady(isDelivering: (userID: string) => boolean): Map<number, RelayJoin> {
    const ready = new Map<number, RelayJoin>()
    for (const [shard, { all, withNotice }] of this.#shards) {
      if (withNotice === all || withNotice >= MAX_JOINED_AT_ONCE) ready.set(shard, { join: [], offline: [] })
    }
    if (ready.size === 0) return ready
    for (const [userID, { shard, hasNotice, needsMessages }] of this.#newcomers) {
      const joining = hasNotice ? ready.get(shard) : undefined
      if (!joining || isDelivering(userID)) continue
      joining.join.push(userID)
      if (!needsMessages) joining.offline.push(userID)
    }
    for (const { join } of ready.values()) for (const userID of join) this.drop(userID)
    return new Map([...ready].filter(([, { join }]) => join.length > 0))
  }

  #countsOf(shard: number): { all: number; withNotice: number } {
    let counts = this.#shards.get(shard)
    if (!counts) {
      counts = { all: 0, withNotice: 0 }
      this.#shards.set(shard, counts)
    }
    return counts
  }
}
