import { eq } from 'drizzle-orm'
import type { Database } from '../../../platform/storage/d1.ts'
import { group, groupMember } from '../tables.ts'

/** The facts about a group that the send check of its conversation needs. */
export interface GroupAndMembers {
  status: number
  members: { userID: string; roleLevel: number; muteEndTime: number }[]
}

/** Loads a group's status and all its members in one batch; null when there is no such group. */
export async function loadGroupMembers(db: Database, groupID: string): Promise<GroupAndMembers | null> {
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
  return groups[0] ? { status: groups[0].status, members } : null
}
