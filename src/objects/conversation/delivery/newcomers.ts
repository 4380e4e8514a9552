/** At most this many newcomers of a shard join their relay with one call. */
const MAX_JOINED_AT_ONCE = 250

interface Newcomer {
  shard: number
  /** Whether the member has the notice of joining. */
  hasNotice: boolean
  isOnline: boolean
}

/** Members who join their relay, and those of them who were offline. */
export interface RelayJoin {
  join: string[]
  offline: string[]
}

/**
 * The members who are assigned to a relay that does not serve them yet. The conversation delivers to them itself until
 * they have their notices. The relay then learns which of them are offline, so that the next message calls no object of
 * theirs. Memory only: after a crash the relays get their whole rosters.
 */
export class Newcomers {
  readonly #newcomers = new Map<string, Newcomer>()
  /** The number of newcomers of each shard, and of those who have their notices. */
  readonly #shards = new Map<number, { all: number; withNotice: number }>()

  get isEmpty(): boolean {
    return this.#newcomers.size === 0
  }

  get userIDs(): Iterable<string> {
    return this.#newcomers.keys()
  }

  add(userID: string, shard: number): void {
    this.drop(userID)
    this.#newcomers.set(userID, { shard, hasNotice: false, isOnline: false })
    this.#countsOf(shard).all++
  }

  drop(userID: string): void {
    const known = this.#newcomers.get(userID)
    if (!known) return
    this.#newcomers.delete(userID)
    const counts = this.#countsOf(known.shard)
    counts.all--
    if (known.hasNotice) counts.withNotice--
    if (counts.all === 0) this.#shards.delete(known.shard)
  }

  /** Notes the result of the newest delivery to a user. Users who are no newcomers are ignored. */
  delivered(userID: string, isOnline: boolean): void {
    const newcomer = this.#newcomers.get(userID)
    if (!newcomer) return
    newcomer.isOnline = isOnline
    if (newcomer.hasNotice) return
    newcomer.hasNotice = true
    this.#countsOf(newcomer.shard).withNotice++
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
    for (const [userID, { shard, hasNotice, isOnline }] of this.#newcomers) {
      const joining = hasNotice ? ready.get(shard) : undefined
      if (!joining || isDelivering(userID)) continue
      joining.join.push(userID)
      if (!isOnline) joining.offline.push(userID)
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
