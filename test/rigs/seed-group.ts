import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import {
  type GroupMemberRow,
  type GroupRequestRow,
  type GroupRow,
  group,
  groupMember,
  groupRequest,
} from '../../src/features/group/tables.ts'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { bindings } from './rig.ts'

/** Writes a group and its conversation to storage, as the service would have stored them. */
export async function seedGroup(groupID: string, userIDs: string[]): Promise<void> {
  await seedGroupRow({ groupID, ownerUserID: userIDs[0] ?? '', memberCount: userIDs.length })
  await runInDurableObject(bindings.CONVERSATION.getByName(`sg_${groupID}`), (_object, { storage }) => {
    storage.sql.exec('INSERT INTO kind (id, session_type, group_id) VALUES (1, 3, ?)', groupID)
    storage.sql.exec('INSERT INTO group_state (id, status, member_count) VALUES (1, 0, ?)', userIDs.length)
    for (const userID of userIDs) storage.sql.exec('INSERT INTO member (user_id) VALUES (?)', userID)
  })
  // The object reads its copy of the members only when it wakes.
  await evictAllDurableObjects()
}

/** Writes a group to D1 only, with members by userID, who join in this order. The member with role 100 is the owner. */
export async function seedGroupOf(
  members: Record<string, Partial<GroupMemberRow>>,
  given: Partial<GroupRow> & { groupID: string },
): Promise<void> {
  const entries = Object.entries(members)
  const ownerUserID = entries.find(([, { roleLevel }]) => roleLevel === 100)?.[0] ?? ''
  await seedGroupRow({ ownerUserID, memberCount: entries.length, ...given })
  for (const [i, [userID, member]] of entries.entries()) {
    await seedMember({ groupID: given.groupID, userID, joinTime: i + 1, ...member })
  }
}

export async function seedMember(given: Partial<GroupMemberRow> & { groupID: string; userID: string }): Promise<void> {
  await openDatabase(bindings.DB)
    .insert(groupMember)
    .values({
      ...{ nickname: '', faceURL: '', roleLevel: 20, joinTime: 1, joinSource: 2 },
      ...{ inviterUserID: '', operatorUserID: '', muteEndTime: 0, ex: '' },
      ...given,
    })
}

export async function seedRequest(
  given: Partial<GroupRequestRow> & { groupID: string; userID: string },
): Promise<void> {
  await openDatabase(bindings.DB)
    .insert(groupRequest)
    .values({
      ...{ handleResult: 0, reqMsg: 'let me in', reqTime: 1, handleUserID: '', handledMsg: '', handledTime: 0 },
      ...{ joinSource: 3, inviterUserID: '', ex: '' },
      ...given,
    })
}

/** Writes a group of the users `u000000` (the owner), `u000001`, … to D1, together with these users. */
export async function seedLargeGroup(groupID: string, size: number): Promise<void> {
  await seedGroupRow({ groupID, ownerUserID: 'u000000', memberCount: size })
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)'
  await bindings.DB.batch([
    bindings.DB.prepare(
      `${numbers} INSERT OR IGNORE INTO user
        SELECT printf('u%06d', i), printf('User %d', i), '', '', 1, 0, 0 FROM n`,
    ).bind(size),
    bindings.DB.prepare(
      `${numbers} INSERT INTO group_member
        SELECT ?2, printf('u%06d', i), '', '', CASE i WHEN 0 THEN 100 WHEN 7 THEN 60 ELSE 20 END, i, 2, '', '', 0, '' FROM n`,
    ).bind(size, groupID),
  ])
}

async function seedGroupRow(given: Partial<GroupRow> & { groupID: string }): Promise<void> {
  await openDatabase(bindings.DB)
    .insert(group)
    .values({
      ...{ groupName: 'Friends', notification: '', introduction: '', faceURL: 'https://x/g.png', ownerUserID: '' },
      ...{ createTime: 1, memberCount: 0, ex: '', status: 0, creatorUserID: '', groupType: 2, needVerification: 0 },
      ...{ lookMemberInfo: 0, applyMemberFriend: 0, notificationUpdateTime: 0, notificationUserID: '' },
      ...given,
    })
}
