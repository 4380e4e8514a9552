import { eq, inArray } from 'drizzle-orm'
import type { MemberSettings } from '../../../contracts/conversation.ts'
import { group, groupMember } from '../../../features/group/tables.ts'
import { user } from '../../../features/user/tables.ts'
import type { Database } from '../../../platform/storage/d1.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { Member } from './members.ts'
import { relationOf, relationStatements } from './relations.ts'

/** Who takes part, and what a group is like. */
export interface LoadedMembers {
  members: Member[]
  /** Of the group; 0 for a pair. */
  status: number
}

/**
 * Who takes part in a conversation that has no message yet. This is the one question to D1 in a conversation's life.
 * @param settingsOf asks a user's object for what the user has set about this conversation already
 * @throws ImError 1004 when one of the users is not registered, 1201 when the group does not exist
 */
export async function loadMembers(
  db: Database,
  first: { sessionType: number; sendID: string; recvID: string; groupID: string },
  settingsOf: (userID: string) => Promise<MemberSettings>,
): Promise<LoadedMembers> {
  if (first.sessionType === SessionType.Group) return groupMembers(db, first.groupID)
  return { members: await pairOf(db, [...new Set([first.sendID, first.recvID])], settingsOf), status: 0 }
}

async function pairOf(
  db: Database,
  userIDs: string[],
  settingsOf: (userID: string) => Promise<MemberSettings>,
): Promise<Member[]> {
  const [rows, ...related] = await db.batch([
    db
      .select({ userID: user.userID, globalRecvMsgOpt: user.globalRecvMsgOpt, appLevel: user.appMangerLevel })
      .from(user)
      .where(inArray(user.userID, userIDs)),
    ...relationStatements(db, userIDs),
  ])
  const known = new Map(rows.map((row) => [row.userID, row]))
  const missing = userIDs.find((userID) => !known.has(userID))
  if (missing !== undefined) throw ImError.notFound(`no user is registered as ${JSON.stringify(missing)}`)
  return Promise.all(
    userIDs.map(async (userID) => ({
      ...NEWCOMER,
      userID,
      recvMsgOpt: (await settingsOf(userID)).recvMsgOpt ?? 0,
      globalRecvMsgOpt: known.get(userID)?.globalRecvMsgOpt ?? 0,
      appLevel: known.get(userID)?.appLevel ?? 0,
      ...relationOf(userID, related),
    })),
  )
}

const NEWCOMER = {
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

/** Receive options are not asked for: in a group they concern only what rings. */
async function groupMembers(db: Database, groupID: string): Promise<LoadedMembers> {
  const [groups, members] = await db.batch([
    db.select({ status: group.status }).from(group).where(eq(group.groupID, groupID)),
    db
      .select({
        userID: groupMember.userID,
        roleLevel: groupMember.roleLevel,
        muteEndTime: groupMember.muteEndTime,
      })
      .from(groupMember)
      .where(eq(groupMember.groupID, groupID)),
  ])
  if (!groups[0]) throw ImError.groupNotFound(`there is no group ${groupID}`)
  return { members: members.map((member) => ({ ...NEWCOMER, ...member })), status: groups[0].status }
}
