import type { DeliveredMessage } from '../../contracts/messages.ts'
import type { Relayed, RelayedMessage } from '../../contracts/relay.ts'
import type { Delivery } from '../../contracts/user.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { groupAtTypeFor } from '../../protocol/mentions.ts'
import { MsgData } from '../../protocol/proto/index.ts'
import { wantsOfflinePush } from '../../push/compose-push.ts'
import type { RelayCore } from './relay-core.ts'

/** Members who get a wave at the same time. */
const MAX_PARALLEL = 200

/** Updates the roster, then delivers the messages to the listeners. @returns the members that could not be reached */
export async function forward(relay: RelayCore, relayed: Relayed): Promise<string[]> {
  const { roster, waves } = relay
  if (relayed.roster) roster.reset(relayed.roster)
  roster.leave(relayed.leave)
  roster.join(relayed.join)
  if (relayed.messages.length === 0) return []
  const { notListening } = roster
  const missed: string[] = []
  await inParallel(roster.listeners, MAX_PARALLEL, async (userID) => {
    const delivery = deliveryTo(userID, relayed)
    if (delivery && !(await waves.deliver(userID, delivery))) missed.push(userID)
  })
  await enqueuePush(relay, relayed, notListening)
  return missed
}

/**
 * Enqueues the offline push to the members who were offline before this wave, for the newest message that needs a push.
 * A member that this wave finds offline is left out: the member's UserObject got the message and decides by itself.
 */
async function enqueuePush(
  { canPush, enqueueOfflinePush, log }: RelayCore,
  { conversationID, home, messages, redelivered }: Relayed,
  offline: readonly string[],
): Promise<void> {
  if (redelivered || offline.length === 0 || !canPush()) return
  const newest = messages.findLast(({ silent, msg }) => !silent && wantsOfflinePush(MsgData.decode(msg)))
  if (!newest) return
  const { operationID, msg, sendID } = newest
  const userIDs = offline.filter((userID) => userID !== sendID && !messageFor(userID, newest).silent)
  try {
    await enqueueOfflinePush({ operationID, conversationID, home, msg }, userIDs)
  } catch (error) {
    // The messages are delivered: a lost push must not make the conversation redeliver the messages.
    log().error('enqueueing an offline push failed', error, { operationID, conversationID })
  }
}

/** The part of a wave for one member; null when it has no message for the member. */
function deliveryTo(userID: string, { conversationID, home, about, messages, redelivered }: Relayed): Delivery | null {
  const wanted = messages
    .filter(({ exceptUserID }) => exceptUserID !== userID)
    .map((message) => messageFor(userID, message))
  if (wanted.length === 0) return null
  return { conversationID, home, about, messages: wanted, ...(redelivered && { redelivered }) }
}

/** The message for one member: silent, without a push, when the app server left the member out. */
function messageFor(userID: string, { onlyUserIDs, mentioned, ...message }: RelayedMessage): DeliveredMessage {
  const groupAtType = mentioned ? groupAtTypeFor(mentioned, message.sendID, userID) : 0
  if (!groupAtType && !onlyUserIDs) return message
  const silent = onlyUserIDs !== undefined && !onlyUserIDs.includes(userID)
  return { ...message, ...(silent && { silent }), ...(groupAtType > 0 && { groupAtType }) }
}
