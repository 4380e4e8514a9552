import { type PairEntries, relationStatements } from '../../../features/friend/store/relations.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import type { ConversationCore } from '../conversation-core.ts'
import type { Relation } from '../state/members.ts'

/**
 * Announces that one user of the pair is about to block, befriend or drop the other.
 * @returns the number of the change
 */
export function beginRelationChange({ recoveryAlarm, relationChanges, now }: ConversationCore): number {
  const begun = now()
  void recoveryAlarm.arm(begun)
  return relationChanges.begin(begun)
}

/** Copies the relations from D1, which has the change now. @param begun null for a change that was not announced */
export function endRelationChange(conversation: ConversationCore, begun: number | null): Promise<void> {
  return conversation.relationChanges.end(begun, () => copyRelations(conversation))
}

/** Copies the relations from D1 for the changes whose end is not reported. */
export function resumeRelationChanges(conversation: ConversationCore, now: number): Promise<void> {
  return conversation.relationChanges.resume(now, () => copyRelations(conversation))
}

async function copyRelations(conversation: ConversationCore): Promise<void> {
  // A load that is running now may have read the relations before the change.
  await conversation.opening?.catch(() => {})
  const { kind, userIDs } = conversation.state.members
  if (kind?.sessionType !== SessionType.Single) return
  const related = await conversation.db.batch(relationStatements(conversation.db, userIDs))
  for (const userID of userIDs) conversation.state.members.setRelation(userID, relationOf(userID, related))
}

/** The relation of one user of the pair to the other, from the rows of `relationStatements`. */
export function relationOf(userID: string, [blacks, friends]: readonly [PairEntries, PairEntries]): Relation {
  const has = (entries: PairEntries) =>
    entries.some((entry) => entry.ownerUserID === userID && entry.peerUserID !== userID)
  return { blockedPeer: has(blacks), befriendedPeer: has(friends) }
}
