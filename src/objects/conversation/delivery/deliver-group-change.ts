import type { Audience } from '../../../webhook/before-push.ts'
import { rostersOf } from '../state/shards.ts'
import { type Receivers, sendToMember, sendToRelays } from './deliver-message.ts'
import type { Outbound } from './outbound.ts'
import type { StampedMessage } from './stamped-message.ts'

/** The members who joined or left with a change, and whether relays deliver from this change on. */
export interface MemberMoves {
  joined: string[]
  left: string[]
  /** The users who left, by the shard that served them. Such a shard may have no members now. */
  leftShards: ReadonlyMap<number, string[]>
  handedOver: boolean
  /** Whether a user who joined or left gets a notice; absent = all notices. */
  concerns?(userID: string, notice: StampedMessage): boolean
}

/** A notice, and the audience of its push. */
export interface NoticeForAudience {
  notice: StampedMessage
  audience: Audience
}

/**
 * Delivers the notices of a group change. Users who joined or left get the notices directly, with the new bounds of the
 * seqs that they may read. The relays remove the users who left before the notices, and add the users who joined once
 * these have the notices.
 */
export function deliverGroupChange(
  outbound: Outbound,
  notices: readonly NoticeForAudience[],
  { joined, left, leftShards, handedOver, concerns = () => true }: MemberMoves,
  { userIDs, shards }: Pick<Receivers, 'userIDs' | 'shards'>,
): void {
  for (const [shard, leavers] of leftShards) outbound.toRelay(shard, 'chat', { leave: leavers })
  outbound.dropNewcomers(left)
  const moved = handedOver ? [...rostersOf(outbound.state.sql).values()].flat() : joined
  const bounded = new Set([...moved, ...left])
  const parties = new Set([...joined, ...left])
  for (const userID of bounded) {
    const wanted = parties.has(userID) ? notices.filter(({ notice }) => concerns(userID, notice)) : notices
    deliverToBounded(outbound, userID, wanted)
  }
  for (const userID of userIDs) {
    if (bounded.has(userID)) continue
    for (const { notice, audience } of notices) sendToMember(outbound, userID, notice, audience)
  }
  if (!handedOver) for (const { notice, audience } of notices) sendToRelays(outbound, shards, notice, audience)
  if (outbound.state.members.group?.isRelayed) outbound.addToRelays(moved)
}

/** Delivers to a user whose bounds change: first the notification log, then the bounds, then the chat log. */
function deliverToBounded(outbound: Outbound, userID: string, wanted: readonly NoticeForAudience[]): void {
  const send = ({ notice, audience }: NoticeForAudience) => sendToMember(outbound, userID, notice, audience)
  outbound.resumeMember(userID)
  // Notifications go first: with the bounds a client reads its conversations again, and the Go core takes a group that
  // it finds there as already known, without an event for its app.
  for (const one of wanted) if (one.notice.item.log === 'notification') send(one)
  outbound.boundsToMember(userID)
  for (const one of wanted) if (one.notice.item.log === 'chat') send(one)
}
