import { inParallel } from '../../../platform/concurrency/parallel.ts'
import type { UserCore } from '../user-core.ts'
import { refreshCursors } from './sync.ts'

/** An object that has to know that a device is here. */
interface Party {
  name: string
  tell(): Promise<unknown>
}

/** How many are told at the same time. */
const MAX_PARALLEL = 32

/** How often a party is told, and how long after the first time it is told again. */
const MAX_TRIES = 5
const FIRST_RETRY_MS = 100

/** A relay that does not answer keeps no sync waiting for longer. */
const MAX_SYNC_WAIT_MS = 2_000

/**
 * The first device is back. The relays of the user's large groups deliver again, and so do the conversations that spare
 * the absent: those that have news are asked about it now, which is what the device's sync would do in a moment, so
 * that it finds the answers here. The sync waits until all were told (`sync.ts`): what is said after that comes here,
 * and what was said before is in its answer.
 * @returns done once those that could not be reached at first were tried again, too; null = there is nobody to tell
 */
export function reconnect(user: UserCore): Promise<unknown> | null {
  // What passed by meanwhile will not come here: the next message must not wait for it.
  user.reorderBuffer.resetAll()
  const news = user.cursors.unread()
  if (news.length === 0) return null
  const relays = new Set(news.map(({ relay }) => relay).filter((relay) => relay !== ''))
  const homes = Map.groupBy(
    news.filter(({ relay }) => relay === ''),
    ({ home }) => home,
  )
  const asked = [...homes].map(([home, marks]) => ({ name: home, tell: () => refreshCursors(user, home, marks) }))
  // The sync would have to ask a conversation that does not answer itself, and waits for it as long as for that.
  return Promise.all([resumeRelays(user, [...relays]), tellAll(user, asked, (told) => told)])
}

/** Lets relays deliver to the devices that are here. */
export function resumeRelays(user: UserCore, relays: readonly string[]): Promise<void> {
  const parties = relays.map((relay) => ({ name: relay, tell: () => user.relay(relay).memberConnected(user.userID) }))
  return tellAll(user, parties, (told) => atMost(MAX_SYNC_WAIT_MS, told))
}

/** @param waited what a sync waits for of the telling */
async function tellAll(
  user: UserCore,
  parties: readonly Party[],
  waited: (told: Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  if (parties.length === 0) return
  const told = inParallel(parties, MAX_PARALLEL, (party) => isTold(user, party))
  user.deliveryResumed = Promise.all([user.deliveryResumed, waited(told)])
  const reached = await told
  await Promise.all(parties.filter((_, i) => !reached[i]).map((party) => tellAgain(user, party)))
}

async function isTold(user: UserCore, { name, tell }: Party): Promise<boolean> {
  try {
    await tell()
    return true
  } catch (error) {
    user.log.error('an object does not know that the user is back', error, { name })
    return false
  }
}

/** Who is not told passes the user by until the next connect. */
async function tellAgain(user: UserCore, party: Party): Promise<void> {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS * 4 ** (tries - 1) * (0.5 + Math.random())))
    if (!user.devices.someOpen || (await isTold(user, party))) return
  }
}

/** Done with the work, or when it has taken so long. */
function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void work.finally(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
