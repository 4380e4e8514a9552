import type { GroupChange, GroupMemberRecord, GroupRecord } from '../../src/contracts/group-change.ts'

/* Group changes as the features prepare them, for tests of the ConversationObject, which commits them. */

function groupRecord(groupID: string, given: Partial<GroupRecord> = {}): GroupRecord {
  return {
    groupID,
    groupName: `name of ${groupID}`,
    notification: '',
    introduction: '',
    faceURL: '',
    ownerUserID: 'olga',
    createTime: 1_000,
    memberCount: 0,
    ex: '',
    status: 0,
    creatorUserID: 'olga',
    groupType: 2,
    needVerification: 0,
    lookMemberInfo: 0,
    applyMemberFriend: 0,
    notificationUpdateTime: 0,
    notificationUserID: '',
    ...given,
  }
}

export function memberRecord(
  groupID: string,
  userID: string,
  given: Partial<GroupMemberRecord> = {},
): GroupMemberRecord {
  return {
    groupID,
    userID,
    nickname: '',
    faceURL: '',
    roleLevel: 20,
    joinTime: 1_000,
    joinSource: 2,
    inviterUserID: 'olga',
    operatorUserID: 'olga',
    muteEndTime: 0,
    ex: '',
    ...given,
  }
}

export function groupChange(groupID: string, given: Partial<GroupChange>): GroupChange {
  return { operationID: 'test-operation', groupID, time: Date.now(), notices: [], callerUserID: '', ...given }
}

/** The change that creates a group; the first member is its owner. */
export function groupCreation(groupID: string, userIDs: string[]): GroupChange {
  const [ownerUserID = ''] = userIDs
  return groupChange(groupID, {
    create: groupRecord(groupID, { ownerUserID }),
    join: userIDs.map((userID, i) => memberRecord(groupID, userID, { roleLevel: i === 0 ? 100 : 20 })),
    notices: [{ contentType: 1501, sendID: ownerUserID, detail: { group: { groupID } } }],
  })
}
