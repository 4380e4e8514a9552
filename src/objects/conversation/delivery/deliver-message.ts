import type { DeliveredMessage } from '../../../contracts/messages.ts'
import type { RelayedMessage } from '../../../contracts/relay.ts'
import { groupAtTypeFor } from '../../../protocol/mentions.ts'
import { type Audience, isInAudience } from '../../../webhook/before-push.ts'
import type { Members } from '../state/members.ts'
import type { Outbound } from './outbound.ts'
import type { StampedMessage } from './stamped-message.ts'

/** The receivers of a message at the time of its append. */
export interface Receivers {
  /** Kept here, because the conversation drops them at once when no message was stored yet. */
  members: Members
  /** Members who get deliveries directly from the conversation. */
  userIDs: readonly string[]
  /** Shards whose relays deliver to all other members. */
  shards: readonly number[]
}

export function currentReceivers({ state, shards }: Outbound): Receivers {
  return { members: state.members, userIDs: state.members.userIDs, shards }
}

/** Delivers a message to all receivers; members outside the audience get no push. */
export function deliverMessage(
  outbound: Outbound,
  stamped: StampedMessage,
  audience: Audience,
  { members, userIDs, shards }: Receivers,
): void {
  for (const userID of userIDs) sendToMember(outbound, userID, stamped, audience, members)
  sendToRelays(outbound, shards, stamped, audience)
}

export function sendToMember(
  outbound: Outbound,
  userID: string,
  { item, seq, sendTime, msg, mentioned }: StampedMessage,
  audience: Audience,
  members = outbound.state.members,
): void {
  const { sendID, operationID } = item
  if (userID === sendID && (item.skipSender || !item.senderSync)) return
  if (outbound.skips(userID, item.log, seq)) return
  const message: DeliveredMessage = { seq, sendTime, sendID, operationID, msg }
  if (!isInAudience(audience, userID)) {
    // An unstored message is only pushed: without a push it need not be delivered.
    if (seq === 0) return
    message.silent = true
  }
  const groupAtType = mentioned ? groupAtTypeFor(mentioned, sendID, userID) : 0
  if (groupAtType > 0) message.groupAtType = groupAtType
  outbound.toMember(userID, item.log, { messages: [message] }, members)
}

export function sendToRelays(
  outbound: Outbound,
  shards: readonly number[],
  stamped: StampedMessage,
  audience: Audience,
): void {
  const { item, seq, sendTime, msg, mentioned } = stamped
  const { sendID, operationID } = item
  for (const userID of outbound.newcomers) sendToMember(outbound, userID, stamped, audience)
  const exceptUserID = item.skipSender || !item.senderSync ? sendID : ''
  const audienceOf = audienceByShard(outbound, shards, audience)
  for (const shard of shards) {
    const message = { seq, sendTime, sendID, operationID, msg, exceptUserID, ...audienceOf(shard) }
    const messages = [mentioned ? { ...message, mentioned } : message]
    outbound.toRelay(shard, item.log, { messages })
  }
}

/** Returns a function that gives the part of an audience that concerns one shard. */
export function audienceByShard(
  outbound: Outbound,
  shards: readonly number[],
  audience: Audience,
): (shard: number) => Pick<RelayedMessage, 'silent' | 'onlyUserIDs'> {
  if (shards.length === 0 || audience === 'everybody') return () => ({})
  if (audience === 'nobody') return () => ({ silent: true })
  const byShard = membersByShard(outbound, [...audience])
  return (shard) => ({ onlyUserIDs: byShard.get(shard) ?? [] })
}

/** Those of the users who are members now, by shard. */
function membersByShard({ state: { members } }: Outbound, userIDs: readonly string[]): Map<number, string[]> {
  return Map.groupBy(
    userIDs.filter((userID) => members.has(userID)),
    (userID) => members.get(userID)?.shard ?? 0,
  )
}
