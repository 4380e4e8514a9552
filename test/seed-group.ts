import { evictAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { group } from '../src/features/group/tables.ts'
import { openDatabase } from '../src/platform/d1.ts'
import { bindings } from './rig.ts'

/** A group with its conversation, put where the service would have left them. */
export async function seedGroup(groupID: string, userIDs: string[]): Promise<void> {
  await openDatabase(bindings.DB)
    .insert(group)
    .values({
      ...{ groupID, groupName: 'Friends', notification: '', introduction: '', faceURL: 'https://x/g.png' },
      ...{ ownerUserID: userIDs[0] ?? '', createTime: 1, memberCount: userIDs.length, ex: '', status: 0 },
      ...{ creatorUserID: '', groupType: 2, needVerification: 0, lookMemberInfo: 0, applyMemberFriend: 0 },
      ...{ notificationUpdateTime: 0, notificationUserID: '' },
    })
  await runInDurableObject(bindings.CONVERSATION.getByName(`sg_${groupID}`), (_object, { storage }) => {
    storage.sql.exec('INSERT INTO kind (id, session_type, group_id) VALUES (1, 3, ?)', groupID)
    for (const userID of userIDs) storage.sql.exec('INSERT INTO member (user_id) VALUES (?)', userID)
  })
  // Its copy of the members is read when it wakes.
  await evictAllDurableObjects()
}
