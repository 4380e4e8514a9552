import type { GroupChange, GroupChanged, GroupNotice } from '../../contracts/group-change.ts'
import { notifyCallerDevices } from '../../notification/send.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { groupConversationID } from '../../protocol/conversation-id.ts'
import type { Context } from '../../runtime/context.ts'
import type { GroupMemberRow } from './tables.ts'

/** A change as a verb decides it. */
export interface DecidedChange extends Omit<GroupChange, 'operationID' | 'time' | 'callerUserID' | 'actor'> {
  /** The caller's own place in the group, where the right to the change rests on it. */
  actor?: Pick<GroupMemberRow, 'userID' | 'roleLevel'> | null
}

/**
 * Has the group's conversation carry out a change: D1, its own copy and the notices, all of it or nothing. The caller's
 * own devices hear of it once the call is answered: until then their SDK does not know that the change is its own.
 * @throws ImError 1001, 1002, 1202, 1203, 1204 when the group has become another since the verb looked
 */
export async function changeGroup(ctx: Context, { actor, ...decided }: DecidedChange): Promise<GroupChanged> {
  const { caller, operationID } = ctx
  // An administrator of the app may act for others and has no devices in the group.
  const callerUserID = caller && !caller.isAdmin ? caller.userID : ''
  const home = groupConversationID(decided.groupID)
  const notices = decided.notices.map(light)
  const change = {
    ...decided,
    ...{ notices, operationID, time: ctx.now(), callerUserID },
    ...(actor && callerUserID !== '' && { actor: { userID: actor.userID, roleLevel: actor.roleLevel } }),
  }
  const changed = await ctx.conversation(home).changeGroup(change)
  const about = { sessionType: SessionType.Group, peerUserID: '', groupID: decided.groupID }
  for (const [conversationID, told] of Map.groupBy(changed.notices, (notice) => notice.conversationID)) {
    const messages = told.map(({ conversationID: _same, ...message }) => ({ ...message, operationID }))
    await notifyCallerDevices(ctx, { conversationID, home, about }, messages)
  }
  return changed
}

/** The group is filled in where the change is carried out; there may be a thousand notices, and it may be large. */
function light(notice: GroupNotice): GroupNotice {
  return 'group' in notice.detail ? { ...notice, detail: { ...notice.detail, group: null } } : notice
}
