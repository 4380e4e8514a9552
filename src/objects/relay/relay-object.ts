import { DurableObject } from 'cloudflare:workers'
import { configOf } from '../../config/index.ts'
import type { DeliveredMessage } from '../../contracts/messages.ts'
import { type Outcome, outcomeOf, type Serves } from '../../contracts/outcome.ts'
import type { Relayed, RelayedMessage, RelayRpc } from '../../contracts/relay.ts'
import type { Delivery } from '../../contracts/user.ts'
import type { Bindings } from '../../env.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { createLog } from '../../platform/observability/log.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import { MsgData } from '../../protocol/proto/index.ts'
import { wantsPush } from '../../push/compose-push.ts'
import { enqueueOfflinePush } from '../../push/enqueue.ts'
import { RelaySessionTarget } from '../../runtime/rpc/session-targets.ts'
import { createStubs } from '../../runtime/rpc/stubs.ts'
import { relayMigrations } from './migrations.ts'
import { Roster } from './roster.ts'
import { WaveQueue } from './wave-queue.ts'

/** How many members are handed a message at the same time. */
const MAX_PARALLEL = 200

/** Some thousand members of a large group: a message costs a call for each who listens and nothing for the others. */
export class RelayObject extends DurableObject<Bindings> implements Serves<RelayRpc> {
  readonly #shard: Roster
  readonly #atHand = createStubs(this.env)
  readonly #lanes = new WaveQueue((userID, delivery) => this.#hand(userID, delivery))

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    migrate(state.storage, relayMigrations)
    this.#shard = new Roster(state.storage.sql)
  }

  /** Opens a session for calls that come thick and fast. */
  openCallSession(): RelaySessionTarget {
    return new RelaySessionTarget(this)
  }

  forward(relayed: Relayed): Promise<Outcome<string[]>> {
    return outcomeOf(async () => {
      if (relayed.roster) this.#shard.reset(relayed.roster)
      this.#shard.leave(relayed.leave)
      this.#shard.join(relayed.join)
      if (relayed.messages.length === 0) return []
      const { notListening: absent } = this.#shard
      const missed: string[] = []
      await inParallel(this.#shard.listeners, MAX_PARALLEL, async (userID) => {
        const delivery = deliveryTo(userID, relayed)
        if (delivery && !(await this.#lanes.deliver(userID, delivery))) missed.push(userID)
      })
      await this.#ring(relayed, absent)
      return missed
    })
  }

  memberConnected(userID: string): Promise<Outcome<void>> {
    return outcomeOf(() => this.#shard.markListening(userID))
  }

  /** @returns false when the member's object could not be reached */
  async #hand(userID: string, delivery: Delivery): Promise<boolean> {
    const arrivals = this.#shard.arrivals(userID)
    try {
      const reception = await this.#atHand.user(userID).deliver(delivery)
      if (reception !== 'listens') this.#shard.markNotListening(userID, arrivals)
      return true
    } catch (error) {
      const { conversationID, messages } = delivery
      const operationID = messages[0]?.operationID ?? ''
      this.#log.error('a member could not be reached', error, { operationID, userID, conversationID })
      return false
    }
  }

  /** Has the absent rung for the newest message that wants it; those found absent just now see to it themselves. */
  async #ring({ conversationID, home, messages, redelivered }: Relayed, absent: readonly string[]): Promise<void> {
    if (redelivered || absent.length === 0 || configOf(this.env).push === null) return
    const newest = messages.findLast(({ silent, msg }) => !silent && wantsPush(MsgData.decode(msg)))
    if (!newest) return
    const { operationID, msg, sendID } = newest
    const userIDs = absent.filter((userID) => userID !== sendID && !heardBy(userID, newest).silent)
    try {
      await enqueueOfflinePush(this.env.PUSH_QUEUE, { operationID, conversationID, home, msg }, userIDs)
    } catch (error) {
      // The messages are delivered: a push that is lost must not have them delivered again.
      this.#log.error('absent members could not be rung', error, { operationID, conversationID })
    }
  }

  get #log() {
    return createLog(configOf(this.env).logLevel, { relay: this.ctx.id.name ?? '' })
  }
}

/** What of it one member is handed; null for nothing. */
function deliveryTo(userID: string, { conversationID, home, about, messages, redelivered }: Relayed): Delivery | null {
  const wanted = messages
    .filter(({ exceptUserID }) => exceptUserID !== userID)
    .map((message) => heardBy(userID, message))
  if (wanted.length === 0) return null
  return { conversationID, home, about, messages: wanted, ...(redelivered && { redelivered }) }
}

/** The message for one member: silent for whom the app has left out. */
function heardBy(userID: string, { onlyUserIDs, ...message }: RelayedMessage): DeliveredMessage {
  return onlyUserIDs && !onlyUserIDs.includes(userID) ? { ...message, silent: true } : message
}
