import { backoffMs, sleep } from '../../../platform/concurrency/backoff.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import type { UserCore } from '../user-core.ts'
import { refreshCursors } from './sync.ts'

/** An object that skips deliveries to this user and must know that a device is online. */
interface SkippingObject {
  name: string
  notify(): Promise<unknown>
}

/** Maximum number of objects that are notified at the same time. */
const MAX_PARALLEL = 32

/** Each object is notified at most this number of times, with a backoff that starts at `FIRST_RETRY_MS`. */
const MAX_TRIES = 5
const FIRST_RETRY_MS = 100
const BACKOFF_FACTOR = 4

/** A sync waits at most this long for a relay that does not answer. */
const MAX_SYNC_WAIT_MS = 2_000

/**
 * Makes deliveries resume after the user's first device has connected. Relays of large groups are notified. The other
 * conversations with unread marks are asked for their newest seqs, which makes these conversations resume delivery. The
 * device's sync needs the same seqs, so it uses these answers.
 *
 * The sync waits for all of this (`user.deliveryResumed`), so that no message is lost in between: a message stored
 * before the notification is in the sync's answer, and a later message is delivered.
 * @returns a promise that resolves after the retries; null when there is no object to notify
 */
export function reconnect(user: UserCore): Promise<unknown> | null {
  // Messages that were skipped while the user was offline never arrive: the next message must not wait for them.
  user.reorderBuffer.resetAll()
  // The same holds for mentions.
  user.mentionsKnown.clear()
  const unread = user.cursors.unread()
  if (unread.length === 0) return null
  const relays = new Set(unread.map(({ relay }) => relay).filter((relay) => relay !== ''))
  const cursorsByHome = Map.groupBy(
    unread.filter(({ relay }) => relay === ''),
    ({ home }) => home,
  )
  const conversations = [...cursorsByHome].map(([home, cursors]) => ({
    name: home,
    notify: () => refreshCursors(user, home, cursors),
  }))
  // Conversations have no time limit here: the sync itself would call a conversation that does not answer, and wait as
  // long.
  return Promise.all([notifyRelays(user, [...relays]), notifyAll(user, conversations, null)])
}

/** Makes relays deliver to this user's devices. */
export function notifyRelays(user: UserCore, relays: readonly string[]): Promise<void> {
  const objects = relays.map((relay) => ({
    name: relay,
    notify: () => user.relay(relay).memberConnected(user.userID),
  }))
  return notifyAll(user, objects, MAX_SYNC_WAIT_MS)
}

/** @param maxSyncWaitMs how long a sync waits for the first tries; null = until all have ended */
async function notifyAll(
  user: UserCore,
  objects: readonly SkippingObject[],
  maxSyncWaitMs: number | null,
): Promise<void> {
  if (objects.length === 0) return
  const notified = inParallel(objects, MAX_PARALLEL, (object) => tryNotify(user, object))
  const waited = maxSyncWaitMs === null ? notified : withTimeout(maxSyncWaitMs, notified)
  user.deliveryResumed = Promise.all([user.deliveryResumed, waited])
  const succeeded = await notified
  await Promise.all(objects.filter((_, i) => !succeeded[i]).map((object) => retryNotify(user, object)))
}

async function tryNotify(user: UserCore, { name, notify }: SkippingObject): Promise<boolean> {
  try {
    await notify()
    return true
  } catch (error) {
    user.log.error('reconnect notification failed', error, { name })
    return false
  }
}

/** An object that could not be notified keeps skipping this user until the next connect. */
async function retryNotify(user: UserCore, object: SkippingObject): Promise<void> {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    await sleep(backoffMs(tries, { firstMs: FIRST_RETRY_MS, factor: BACKOFF_FACTOR }))
    if (!user.devices.isOnline || (await tryNotify(user, object))) return
  }
}

/** Resolves when the work is done, or after `ms` milliseconds. */
function withTimeout(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void work.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
