import type { MemberSettings } from '../../../contracts/conversation.ts'
import { relationStatements } from '../../../features/friend/store/relations.ts'
import { loadGroupMembers } from '../../../features/group/store/load-group-members.ts'
import { sendSettingsStatement } from '../../../features/user/store/send-settings.ts'
import type { Database } from '../../../platform/storage/d1.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Member } from '../state/members.ts'
import { relationOf } from './relations.ts'

/** The members of a new conversation, and the status of its group. */
export interface LoadedMembers {
  members: Member[]
  /** A `GroupStatus`; 0 for a pair. */
  status: number
}

/**
 * Loads the members of a conversation that has no message yet. Later messages need no query to D1.
 * @param settingsOf asks a user's object for the settings that the user already made for this conversation
 * @throws ImError 1004 when one of the users is not registered, 1201 when the group does not exist
 */
export async function loadMembers(
  db: Database,
  first: { sessionType: number; sendID: string; recvID: string; groupID: string },
  settingsOf: (userID: string) => Promise<MemberSettings>,
): Promise<LoadedMembers> {
  if (first.sessionType === SessionType.Group) return loadGroup(db, first.groupID)
  return { members: await loadPair(db, [...new Set([first.sendID, first.recvID])], settingsOf), status: 0 }
}

async function loadPair(
  db: Database,
  userIDs: string[],
  settingsOf: (userID: string) => Promise<MemberSettings>,
): Promise<Member[]> {
  const [rows, ...related] = await db.batch([sendSettingsStatement(db, userIDs), ...relationStatements(db, userIDs)])
  const known = new Map(rows.map((row) => [row.userID, row]))
  const missing = userIDs.find((userID) => !known.has(userID))
  if (missing !== undefined) throw ImError.notFound(`no user is registered as ${JSON.stringify(missing)}`)
  return Promise.all(
    userIDs.map(async (userID) => {
      const { recvMsgOpt = 0, burnDuration = 0 } = await settingsOf(userID)
      return {
        ...NEW_MEMBER,
        userID,
        recvMsgOpt,
        burnDuration,
        globalRecvMsgOpt: known.get(userID)?.globalRecvMsgOpt ?? 0,
        appLevel: known.get(userID)?.appLevel ?? 0,
        ...relationOf(userID, related),
      }
    }),
  )
}

/** The users' receive options are not loaded: in a group, receive options concern only the offline push. */
async function loadGroup(db: Database, groupID: string): Promise<LoadedMembers> {
  const group = await loadGroupMembers(db, groupID)
  if (!group) throw ImError.groupNotFound(`there is no group ${groupID}`)
  return { members: group.members.map((member) => ({ ...NEW_MEMBER, ...member })), status: group.status }
}

const NEW_MEMBER = {
  readSeq: 0,
  recvMsgOpt: 0,
  globalRecvMsgOpt: 0,
  appLevel: 0,
  roleLevel: 0,
  blockedPeer: false,
  befriendedPeer: false,
  muteEndTime: 0,
  minSeq: 0,
  leftSeq: -1,
  shard: -1,
}
