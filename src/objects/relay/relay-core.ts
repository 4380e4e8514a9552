import { configOf } from '../../config/index.ts'
import type { Delivery, UserRpc } from '../../contracts/user.ts'
import type { Bindings } from '../../env.ts'
import { createLog, type Log } from '../../platform/observability/log.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import { enqueueOfflinePush, type PushedMessage } from '../../push/enqueue.ts'
import { createStubs } from '../../runtime/rpc/stubs.ts'
import { relayMigrations } from './migrations.ts'
import { Roster } from './roster.ts'
import { WaveQueue } from './wave-queue.ts'

/** The parts of one relay's object, for the functions that do its work. */
export interface RelayCore {
  readonly roster: Roster
  readonly waves: WaveQueue
  /** Whether the deployment has an offline push provider. */
  canPush(): boolean
  enqueueOfflinePush(message: PushedMessage, userIDs: readonly string[]): Promise<void>
  log(): Log
}

export function createRelayCore(state: DurableObjectState, env: Bindings): RelayCore {
  migrate(state.storage, relayMigrations)
  const roster = new Roster(state.storage.sql)
  const { user } = createStubs(env)
  const log = () => createLog(configOf(env).logLevel, { relay: state.id.name ?? '' })
  return {
    roster,
    waves: new WaveQueue((userID, delivery) => deliver({ roster, user, log }, userID, delivery)),
    canPush: () => configOf(env).push !== null,
    enqueueOfflinePush: (message, userIDs) => enqueueOfflinePush(env.PUSH_QUEUE, message, userIDs),
    log,
  }
}

/** @returns false when the member's object could not be reached */
async function deliver(
  { roster, user, log }: { roster: Roster; user(userID: string): UserRpc; log(): Log },
  userID: string,
  delivery: Delivery,
): Promise<boolean> {
  const connects = roster.connects(userID)
  try {
    const result = await user(userID).deliver(delivery)
    if (result !== 'online') roster.markNotListening(userID, connects)
    return true
  } catch (error) {
    const { conversationID, messages } = delivery
    const operationID = messages[0]?.operationID ?? ''
    log().error('delivery failed', error, { operationID, userID, conversationID })
    return false
  }
}
