import type { LogName } from '../../../contracts/messages.ts'
import { groupAtTypeFor } from '../../../protocol/mentions.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { isInAudience } from '../../../webhook/before-push.ts'
import type { Members } from '../state/members.ts'
import { allShards, changedSince } from '../state/shards.ts'
import type { BeforePushGate } from './before-push-gate.ts'
import { audienceByShard } from './deliver-message.ts'
import type { NewMessage, Outbound } from './outbound.ts'
import { isRelay, relayReceiver } from './relay-receiver.ts'
import type { GatedMessage } from './stamped-message.ts'

interface RedeliveryRange {
  /** Messages that were stored at or after this time are redelivered; ms. */
  since: number
  /** The only receiver; absent = all. */
  only?: string | undefined
  /** The messages of this log from this seq on are left out: they are delivered as new ones. */
  before?: NewMessage | undefined
}

/**
 * Redelivers everything that was stored at or after a time (ms), to all receivers or to one. Receivers drop the
 * messages that they have. The before-push gate asks the app server again: its first answer was in memory only.
 */
export function redeliver(
  {
    conversationID,
    outbound,
    beforePushGate,
  }: { conversationID: string; outbound: Outbound; beforePushGate: BeforePushGate<GatedMessage> },
  { since, only, before }: RedeliveryRange,
): void {
  const { members, sql, logs, mentions } = outbound.state
  const moved = only === undefined ? changedSince(sql, since) : members.group ? [only] : []
  for (const userID of moved) if (!isRelay(userID)) outbound.boundsToMember(userID)
  const userIDs = only === undefined ? [...new Set([...members.userIDs, ...moved])] : [only]
  const known = allShards(sql)
    .map(({ shard }) => shard)
    .filter((shard) => only === undefined || only === relayReceiver(shard))
  // A relay without members also gets its empty roster: a user who joins later may be assigned to the relay.
  if (known.length > 0) outbound.rostersToRelays(known)
  const shards = known.filter((shard) => outbound.shards.includes(shard))
  for (const log of ['chat', 'notification'] as const) {
    for (const { seq, sendTime, sendID, msg } of logs[log].storedSince(since)) {
      if (log === before?.log && seq >= before.seq) break
      const message = { seq, sendTime, sendID, operationID: '', msg }
      const { sessionType, contentType } = MsgData.decode(msg)
      const operationID = `alarm_${conversationID}`
      const mentioned = log === 'chat' && members.group !== null ? mentions.by(seq) : null
      const item = { log, sendID, skipSender: false, operationID, sessionType, contentType }
      beforePushGate.pass([{ item, seq, msg }], ([audience = 'everybody']) => {
        for (const userID of userIDs) {
          if (isRelay(userID) || !mayRead(outbound.state.members, userID, log, seq)) continue
          const groupAtType = mentioned ? groupAtTypeFor(mentioned, sendID, userID) : 0
          const silent = !isInAudience(audience, userID)
          const messages = [{ ...message, ...(silent && { silent }), ...(groupAtType > 0 && { groupAtType }) }]
          outbound.toMember(userID, log, { messages, redelivered: true })
        }
        const audienceOf = audienceByShard(outbound, shards, audience)
        for (const shard of shards) {
          const messages = [{ ...message, exceptUserID: '', ...audienceOf(shard), ...(mentioned && { mentioned }) }]
          outbound.toRelay(shard, log, { messages, redelivered: true })
        }
      })
    }
  }
}

/** A user who left still gets the messages up to the notice of leaving, including the notice. */
function mayRead(members: Members, userID: string, log: LogName, seq: number): boolean {
  const leftSeq = members.get(userID)?.leftSeq ?? -1
  return leftSeq < 0 || (log === 'chat' && seq <= leftSeq)
}
