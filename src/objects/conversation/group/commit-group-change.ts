import type { Config } from '../../../config/index.ts'
import type { GroupChange, GroupChanged, GroupNotice } from '../../../contracts/group-change.ts'
import type { LogName } from '../../../contracts/messages.ts'
import type { AppliedChange } from '../../../features/group/store/apply-change.ts'
import { appendItems } from '../../../notification/append-items.ts'
import { buildNotification, toGroup } from '../../../notification/build.ts'
import { kindOf } from '../../../notification/kinds.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { notificationTwin } from '../../../protocol/conversation-id.ts'
import { messageID } from '../../../runtime/ids.ts'
import type { MemberMoves } from '../delivery/dispatch.ts'
import { appendMessage, type StampedMessage } from '../log/append.ts'
import type { MessageLog } from '../log/message-log.ts'
import type { Members } from '../members/members.ts'
import {
  handOverToRelays,
  memberCountAfter,
  mirrorArrivals,
  mirrorDepartures,
  mirrorGroup,
  outgrows,
} from './group-mirror.ts'

/** A change that this conversation has taken over, and what is left to do about it. */
export interface Committed {
  changed: GroupChanged
  notices: StampedMessage[]
  moves: MemberMoves
}

/**
 * Takes a change over that D1 has: who comes may read the notices of it, who goes may still read them, and nothing
 * after. To be run in one transaction.
 */
export function commitGroupChange(
  { sql, members, logs }: { sql: SqlStorage; members: Members; logs: Record<LogName, MessageLog> },
  change: GroupChange,
  given: { applied: AppliedChange; now: number; config: Config; conversationID: string },
): Committed {
  const memberCount = memberCountAfter(members, change)
  if (change.create) members.open({ sessionType: SessionType.Group, groupID: change.groupID }, [], 0)
  members.persist()
  const firstSeq = logs.chat.maxSeq + 1
  // Whoever founds a group misses nothing of it.
  const minSeq = given.config.historyForNewMembers || change.create ? 0 : firstSeq
  mirrorArrivals(sql, change, minSeq, members.group?.relayed ?? false)
  mirrorGroup(sql, change, memberCount)
  const handedTo = new Map<StampedMessage, ReadonlySet<string>>()
  const notices = change.notices.flatMap((notice, i) => {
    // Each notice is a step of the version, and the last one is the newest.
    const version = given.applied.head.version - (change.notices.length - 1 - i)
    const appended = appendNotice(logs, change, notice, { ...given, version })
    const only = notice.handedTo && new Set(notice.handedTo)
    if (only) for (const one of appended) handedTo.set(one, only)
    return appended
  })
  const leftShards = mirrorDepartures(sql, change, logs.chat.maxSeq)
  const handedOver = outgrows(sql, given.config.maxDirectMembers)
  if (handedOver) handOverToRelays(sql, change.time)
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
      concerns: (userID, notice) => handedTo.get(notice)?.has(userID) ?? true,
    },
  }
}

function appendNotice(
  logs: Record<LogName, MessageLog>,
  { operationID, groupID, callerUserID }: GroupChange,
  notice: GroupNotice,
  given: { applied: AppliedChange; now: number; version: number },
): StampedMessage[] {
  const { sendID, senderNickname = '', senderFaceURL = '', contentType, toChat } = notice
  const route = { ...toGroup(sendID, groupID), senderNickname, senderFaceURL }
  const detail = broughtUp(notice.detail, given)
  const built = buildNotification(kindOf(contentType), route, detail, {
    clientMsgID: messageID(),
    now: given.now,
    ...(toChat !== undefined && { toChat }),
  })
  return appendItems(built, operationID).flatMap((item) => {
    const { stamped } = appendMessage(logs, { ...item, senderHasIt: sendID === callerUserID }, given.now)
    return stamped ?? []
  })
}

/** What of the tips shows a member as changed by them. */
const CHANGED_MEMBER = ['mutedUser', 'changedUser', 'newGroupOwner', 'oldGroupOwnerInfo'] as const

/**
 * The tips with the group and its changed members as they are with the change, and with the versions: a client whose
 * list is one step behind applies the notice itself and asks nothing, so nothing in it may be older than its version.
 */
function broughtUp(
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
