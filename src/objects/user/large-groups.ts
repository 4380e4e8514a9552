import type { Bounds, News } from '../../platform/rpc.ts'
import { notificationTwin } from '../../protocol/conversation-id.ts'
import { ensureConversation } from './begin-conversation.ts'
import { tellConversationsChanged } from './tell-devices.ts'
import type { UserCore } from './user-core.ts'

/**
 * The user has joined a group, has left one, or is served by a relay from now on: what may be read of its chat changes
 * with that, and clients have a copy of it.
 */
export function takeBounds(user: UserCore, { conversationID, home, about }: News, bounds: Bounds): void {
  // Whoever is put out of a group before its conversation was ever seen needs none.
  if (bounds.left && !user.marks.find(conversationID)) return
  const isNew = !user.conversations.has(conversationID)
  user.marks.mark(conversationID, home)
  ensureConversation(user, conversationID, about)
  if (bounds.relay !== '') listenToNew(user, { conversationID, home }, bounds.relay)
  if (!user.marks.setBounds(conversationID, notificationTwin(conversationID), bounds)) return
  if (user.conversations.has(conversationID)) user.conversations.touch(conversationID)
  // No device has a copy of what is new. The Go core would take the group for known when it reads the conversation, and
  // then has no news of it for its app.
  if (isNew) return
  tellConversationsChanged(user, [conversationID], user.now())
}

/** The relay may have found the user absent before this came here: who is here by now has to say so. */
function listenToNew(
  user: UserCore,
  { conversationID, home }: Pick<News, 'conversationID' | 'home'>,
  relay: string,
): void {
  user.marks.mark(notificationTwin(conversationID), home)
  const isKnown = user.marks.find(conversationID)?.relay === relay
  if (!isKnown && user.devices.open().length > 0) void listenTo(user, [relay])
}

/** Whether the user is in a group again after having left it: what was said meanwhile did not come here. */
export function rejoins(user: UserCore, conversationID: string, bounds: Bounds): boolean {
  return !bounds.left && (user.marks.find(conversationID)?.leftSeq ?? 0) !== 0
}

/** How often a relay is told that somebody listens, and how long after the first time it is told again. */
const MAX_TRIES = 5
const FIRST_RETRY_MS = 100

/** A relay that does not answer keeps no sync waiting for longer. */
const MAX_SYNC_WAIT_MS = 2_000

/**
 * The first device is back: the relays of the user's large groups deliver again. A sync waits until they were told
 * (`sync.ts`): what is said after it comes here, then, and what was said before is in its answer.
 * @returns once the relays that could not be reached at first were tried again, too
 */
export function comeBack(user: UserCore): Promise<void> {
  const relayed = user.marks.relayed()
  // What passed by meanwhile will not come here: the next message must not wait for it.
  for (const { conversationID } of relayed) user.inOrder.forget(conversationID)
  return listenTo(
    user,
    relayed.map(({ relay }) => relay),
  )
}

async function listenTo(user: UserCore, relays: readonly string[]): Promise<void> {
  const told = Promise.all([...new Set(relays)].map(async (relay) => ((await isTold(user, relay)) ? [] : [relay])))
  user.listening = Promise.all([user.listening, atMost(MAX_SYNC_WAIT_MS, told)])
  await Promise.all((await told).flat().map((relay) => tellAgain(user, relay)))
}

async function isTold(user: UserCore, relay: string): Promise<boolean> {
  try {
    await user.relay(relay).came(user.userID)
    return true
  } catch (error) {
    user.log.error('a relay does not know that the user is back', error, { relay })
    return false
  }
}

/** A relay that is not told passes the user by until the next connect. */
async function tellAgain(user: UserCore, relay: string): Promise<void> {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS * 4 ** (tries - 1) * (0.5 + Math.random())))
    if (user.devices.open().length === 0 || (await isTold(user, relay))) return
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
