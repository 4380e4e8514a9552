import type { Config } from '../../../config/index.ts'
import type { GroupChange, GroupChanged, GroupNotification } from '../../../contracts/group-change.ts'
import type { LogName } from '../../../contracts/messages.ts'
import type { AppliedChange } from '../../../features/group/store/apply-change.ts'
import { appendItems } from '../../../notification/append-items.ts'
import { buildNotification, toGroup } from '../../../notification/build.ts'
import { kindOf } from '../../../notification/kinds.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { notificationTwin } from '../../../protocol/conversation-id.ts'
import { messageID } from '../../../runtime/ids.ts'
import type { MemberMoves } from '../delivery/deliver-group-change.ts'
import type { StampedMessage } from '../delivery/stamped-message.ts'
import { appendMessage } from '../log/append-message.ts'
import { recordMentions } from '../log/record-mentions.ts'
import type { ConversationState } from '../state/conversation-state.ts'
import type { MessageLog } from '../state/message-log.ts'
import { handOverToRelays, needsRelays } from '../state/shards.ts'
import { memberCountAfter } from './check-change.ts'
import { mirrorArrivals, mirrorDepartures, mirrorGroup } from './group-mirror.ts'

/** A change that this conversation has applied, and the deliveries that are left to do. */
export interface Committed {
  changed: GroupChanged
  notices: StampedMessage[]
  moves: MemberMoves
}

/**
 * Applies a change that D1 already has. Users who join may read its notices. Users who leave may also read the notices,
 * and no later message. Runs in one transaction of the caller.
 */
export function commitGroupChange(
  { sql, members, logs, mentions }: Pick<ConversationState, 'sql' | 'members' | 'logs' | 'mentions'>,
  change: GroupChange,
  given: { applied: AppliedChange; now: number; config: Config; conversationID: string },
): Committed {
  const memberCount = memberCountAfter(members, change)
  if (change.create) members.open({ sessionType: SessionType.Group, groupID: change.groupID }, [], 0)
  members.save()
  const firstSeq = logs.chat.maxSeq + 1
  // The founders of a group may always read it from the beginning.
  const minSeq = given.config.historyForNewMembers || change.create ? 0 : firstSeq
  mirrorGroup(sql, change, memberCount)
  const handedOver = needsRelays(sql, given.config.maxDirectMembers)
  // Before the newcomers are written, who then get their places at once.
  if (handedOver) handOverToRelays(sql, change.time)
  mirrorArrivals(sql, change, minSeq, handedOver || (members.group?.isRelayed ?? false))
  // A newcomer who may read the older messages was no member when they mentioned everybody.
  if (change.join && !change.create && minSeq === 0) {
    mentions.hideFrom(
      change.join.map(({ userID }) => userID),
      firstSeq - 1,
    )
  }
  const addressees = new Map<StampedMessage, ReadonlySet<string>>()
  const notices = change.notices.flatMap((notice, i) => {
    // Each notice raises the version of the member list by one; the last notice has the newest version.
    const version = given.applied.head.version - (change.notices.length - 1 - i)
    const appended = appendNotice(logs, change, notice, { ...given, version })
    const only = notice.handedTo && new Set(notice.handedTo)
    if (only) for (const one of appended) addressees.set(one, only)
    // The announcement with which a group begins is no news: OpenIM does not mention the members then either.
    if (!change.create) for (const one of appended) recordMentions({ mentions, members }, one)
    return appended
  })
  const leftShards = mirrorDepartures(sql, change, logs.chat.maxSeq)
  return {
    changed: {
      memberCount,
      notices: notices
        .filter(({ item }) => item.sendID === change.callerUserID)
        .map((notice) => asAppended(notice, given.conversationID)),
    },
    notices,
    moves: {
      joined: (change.join ?? []).map(({ userID }) => userID),
      left: change.leave ?? [],
      leftShards,
      handedOver,
      concerns: (userID, notice) => addressees.get(notice)?.has(userID) ?? true,
    },
  }
}

function appendNotice(
  logs: Readonly<Record<LogName, MessageLog>>,
  { operationID, groupID, callerUserID }: GroupChange,
  notice: GroupNotification,
  given: { applied: AppliedChange; now: number; version: number },
): StampedMessage[] {
  const { sendID, senderNickname = '', senderFaceURL = '', contentType, toChat } = notice
  const route = { ...toGroup(sendID, groupID), senderNickname, senderFaceURL }
  const detail = currentDetail(notice.detail, given)
  const built = buildNotification(kindOf(contentType), route, detail, {
    clientMsgID: messageID(),
    now: given.now,
    ...(toChat !== undefined && { toChat }),
  })
  return appendItems(built, operationID).flatMap((item) => {
    const { stamped } = appendMessage(logs, { ...item, skipSender: sendID === callerUserID }, given.now)
    return stamped ?? []
  })
}

/** The fields of the tips that show an updated member. */
const CHANGED_MEMBER = ['mutedUser', 'changedUser', 'newGroupOwner', 'oldGroupOwnerInfo'] as const

/**
 * The tips with the versions, and with the group and the updated members as they are after the change. A client whose
 * list is one version behind applies the notice without a request, so no part of the notice may be older than its
 * version.
 */
function currentDetail(
  detail: { [name in (typeof CHANGED_MEMBER)[number]]?: { userID: string } } & { groupSortVersion?: number },
  { applied: { head, group, members }, version }: { applied: AppliedChange; version: number },
): object {
  const changed = CHANGED_MEMBER.flatMap((name) => {
    const shown = detail[name]
    return shown ? [[name, members.get(shown.userID) ?? shown]] : []
  })
  return {
    ...detail,
    ...Object.fromEntries(changed),
    ...('group' in detail && { group }),
    groupMemberVersion: version,
    groupMemberVersionID: head.versionID,
    ...(detail.groupSortVersion !== undefined && { groupSortVersion: version }),
  }
}

function asAppended({ item, seq, sendTime, msg }: StampedMessage, home: string): GroupChanged['notices'][number] {
  const conversationID = item.log === 'chat' ? home : notificationTwin(home)
  return { conversationID, seq, sendTime, sendID: item.sendID, msg }
}
