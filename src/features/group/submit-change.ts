import type { GroupChange, GroupChanged, GroupNotification } from '../../contracts/group-change.ts'
import { notifyCallerDevices } from '../../notification/send.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { groupConversationID } from '../../protocol/conversation-id.ts'
import type { Context } from '../../runtime/context.ts'
import type { GroupMemberRow } from './tables.ts'

/** A group change as an endpoint proposes it; `notices` are the notifications that announce the change. */
export interface ProposedChange extends Omit<GroupChange, 'operationID' | 'time' | 'callerUserID' | 'actor'> {
  /** The caller's member row, when the caller's role is what permits the change. */
  actor?: Pick<GroupMemberRow, 'userID' | 'roleLevel'> | null
}

/**
 * Sends a change to the group's ConversationObject, which writes D1, its own copy of the members and the notifications,
 * all or nothing. The caller's own devices get the notifications after the reply: before it, their SDK does not know
 * that the change is its own.
 * @throws ImError 1001, 1002, 1202, 1203, 1204 when the group has changed since the endpoint checked it, so that the
 *   change no longer fits
 */
export async function submitGroupChange(ctx: Context, { actor, ...proposed }: ProposedChange): Promise<GroupChanged> {
  const { caller, operationID } = ctx
  // An app administrator may act for others and has no devices in the group.
  const callerUserID = caller && !caller.isAdmin ? caller.userID : ''
  const home = groupConversationID(proposed.groupID)
  const notices = proposed.notices.map(withoutGroup)
  const change = {
    ...proposed,
    ...{ notices, operationID, time: ctx.now(), callerUserID },
    ...(actor && callerUserID !== '' && { actor: { userID: actor.userID, roleLevel: actor.roleLevel } }),
  }
  const changed = await ctx.conversation(home).changeGroup(change)
  const about = { sessionType: SessionType.Group, peerUserID: '', groupID: proposed.groupID }
  for (const [conversationID, appended] of Map.groupBy(changed.notices, (notice) => notice.conversationID)) {
    const messages = appended.map(({ conversationID: _same, pendingFrom: _pending, ...message }) => ({
      ...message,
      operationID,
    }))
    await notifyCallerDevices(ctx, { conversationID, home, about }, messages, appended[0]?.pendingFrom)
  }
  return changed
}

/**
 * A change may have 1,000 notifications, and each may show a large group: so the group is left out here. The
 * ConversationObject fills it in.
 */
function withoutGroup(notice: GroupNotification): GroupNotification {
  return 'group' in notice.detail ? { ...notice, detail: { ...notice.detail, group: null } } : notice
}
