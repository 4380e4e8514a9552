/*
 * OpenIM's webhooks: the command of each, the fields of its body besides `callbackCommand`, and the fields of a reply
 * that have an effect. Separate from the service's own tables, which the tests compare with this list.
 */

/** The kind of a field; with a question mark it may be null. A list of objects is described by one object. */
export type Kind = 'string' | 'string?' | 'number' | 'number?' | 'boolean' | 'strings' | 'numbers' | readonly [Fields]
export interface Fields {
  readonly [field: string]: Kind
}

export interface Hook {
  command: string
  /** For before-webhooks: whether the operation continues by default when the app server does not answer. */
  failedContinue?: boolean
  body: Fields
  /** Fields of a reply that change something. */
  changes?: readonly string[]
}

const of = (kind: Kind, ...names: string[]): Fields => Object.fromEntries(names.map((name) => [name, kind]))

const message: Fields = {
  ...of('string', 'sendID', 'serverMsgID', 'clientMsgID', 'operationID'),
  ...of('number', 'senderPlatformID', 'sessionType', 'msgFrom'),
  ...of('string', 'senderNickname'),
  ...of('number', 'contentType', 'status', 'sendTime', 'createTime'),
  ...of('string', 'content'),
  ...of('number', 'seq'),
  ...of('strings', 'atUserList'),
  ...of('string', 'faceURL', 'ex'),
}

const status: Fields = { operationID: 'string', platformID: 'number', platform: 'string' }

const push: Fields = {
  ...status,
  ...of('string', 'clientMsgID', 'sendID', 'groupID'),
  ...of('number', 'contentType', 'sessionType'),
  ...of('strings', 'atUserIDList'),
  ...of('string', 'content'),
}

const agreement: Fields = {
  ...of('string', 'fromUserID', 'blackUserID', 'HandleMsg'),
  ...of('number', 'HandleResult'),
}

const remark: Fields = { ownerUserID: 'string', friendUserID: 'string', remark: 'string' }
const black: Fields = { ownerUserID: 'string', blackUserID: 'string' }
const imported: Fields = { ownerUserID: 'string', friendUserIDs: 'strings' }

const users: Fields = {
  users: [
    {
      ...of('string', 'userID', 'nickname', 'faceURL', 'ex'),
      ...of('number', 'createTime'),
      ...of('number', 'appMangerLevel', 'globalRecvMsgOpt'),
    },
  ],
}

const profile: Fields = { userID: 'string', nickName: 'string?', faceURL: 'string?', ex: 'string?' }
const olderProfile: Fields = { ...profile, nickName: 'string', faceURL: 'string' }

const group: Fields = {
  ...of('string', 'groupID', 'groupName', 'notification', 'introduction', 'faceURL'),
  ...of('string', 'ownerUserID', 'ex'),
  ...of('number', 'createTime', 'memberCount', 'status'),
  ...of('string', 'creatorUserID'),
  ...of('number', 'groupType', 'needVerification', 'lookMemberInfo'),
  ...of('number', 'applyMemberFriend', 'notificationUpdateTime'),
  ...of('string', 'notificationUserID'),
  initMemberList: [{ userID: 'string', roleLevel: 'number' }],
}

const groupInfo: Fields = {
  ...of('string', 'operationID', 'groupID', 'groupName', 'notification'),
  ...of('string', 'introduction', 'faceURL'),
}
const rules: Fields = {
  ...of('string?', 'ex'),
  ...of('number?', 'needVerification', 'lookMemberInfo', 'applyMemberFriend'),
}
const groupInfoEx: Fields = {
  ...of('string', 'operationID', 'groupID'),
  ...of('string?', 'groupName', 'notification'),
  ...of('string?', 'introduction', 'faceURL'),
  ...rules,
}
const changesOfGroup = [
  'groupName',
  'introduction',
  'faceURL',
  'ex',
  'needVerification',
  'lookMemberInfo',
  'applyMemberFriend',
]

const member: Fields = {
  ...of('string', 'groupID', 'userID'),
  ...of('string?', 'nickName', 'faceURL'),
  ...of('number?', 'roleLevel'),
  ex: 'string?',
}

const conversation: Fields = {
  ...of('string', 'ownerUserId', 'conversationId'),
  ...of('number', 'conversationType', 'recvMsgOpt'),
  ...of('boolean', 'isPinned', 'isPrivateChat'),
  ...of('number', 'burnDuration', 'groupAtType'),
  ...of('string', 'attachedInfo', 'ex'),
}
const changesOfConversation = [
  'recvMsgOpt',
  'isPinned',
  'isPrivateChat',
  'burnDuration',
  'groupAtType',
  'attachedInfo',
  'ex',
]

const after = (name: string, body: Fields): Hook => ({ command: `callbackAfter${name}Command`, body })
const before = (name: string, body: Fields, changes: readonly string[] = [], failedContinue = true): Hook => ({
  command: `callbackBefore${name}Command`,
  failedContinue,
  body,
  changes,
})

/** The webhooks by their keys in webhooks.yml. */
export const HOOKS: Readonly<Record<string, Hook>> = {
  beforeSendSingleMsg: before('SendSingleMsg', { ...message, recvID: 'string' }),
  beforeSendGroupMsg: before('SendGroupMsg', { ...message, groupID: 'string' }),
  beforeMsgModify: before('MsgModify', message, [
    ...['content', 'recvID', 'groupID', 'clientMsgID', 'serverMsgID', 'senderPlatformID', 'senderNickname'],
    ...['senderFaceURL', 'sessionType', 'msgFrom', 'contentType', 'status', 'options', 'offlinePushInfo'],
    ...['atUserIDList', 'attachedInfo', 'ex'],
  ]),
  afterSendSingleMsg: after('SendSingleMsg', { ...message, recvID: 'string' }),
  afterSendGroupMsg: after('SendGroupMsg', { ...message, groupID: 'string' }),
  afterMsgSaveDB: after('MsgSaveDB', { ...message, recvID: 'string', groupID: 'string' }),
  // OpenIM: the command is spelled so.
  afterRevokeMsg: {
    command: 'callbackBeforeAfterMsgCommand',
    body: { conversationID: 'string', seq: 'number', userID: 'string' },
  },
  afterSingleMsgRead: after('SingleMsgRead', {
    ...of('string', 'conversationID', 'userID'),
    ...of('numbers', 'Seqs'),
    ...of('number', 'contentType'),
  }),
  afterGroupMsgRead: after('GroupMsgRead', {
    ...of('string', 'sendID', 'receiveID'),
    ...of('number', 'unreadMsgNum', 'contentType'),
  }),

  afterUserOnline: after('UserOnline', {
    ...status,
    ...of('string', 'userID', 'connID'),
    ...of('number', 'seq'),
    ...of('boolean', 'isAppBackground'),
  }),
  afterUserOffline: after('UserOffline', { ...status, userID: 'string', seq: 'number', connID: 'string' }),
  afterUserKickOff: after('UserKickOff', { ...status, userID: 'string', seq: 'number' }),

  beforeOnlinePush: before('OnlinePush', { ...push, userIDList: 'strings' }),
  beforeGroupOnlinePush: before('GroupOnlinePush', { ...push, seq: 'number' }, ['userIDList']),
  beforeOfflinePush: before(
    'OfflinePush',
    {
      ...push,
      ...of('strings', 'userIDList'),
      ...of('string', 'title', 'desc', 'ex', 'iOSPushSound'),
      ...of('boolean', 'iOSBadgeCount'),
      ...of('string', 'signalInfo'),
    },
    ['userIDList', 'offlinePushInfo'],
  ),

  beforeAddFriend: before('AddFriend', { fromUserID: 'string', toUserID: 'string', reqMsg: 'string', ex: 'string' }),
  afterAddFriend: after('AddFriend', { fromUserID: 'string', toUserID: 'string', reqMsg: 'string' }),
  beforeAddFriendAgree: before('AddFriendAgree', agreement),
  afterAddFriendAgree: after('AddFriendAgree', agreement),
  afterDeleteFriend: after('DeleteFriend', { ownerUserID: 'string', friendUserID: 'string' }),
  beforeImportFriends: before('ImportFriends', imported, ['friendUserIDs']),
  afterImportFriends: after('ImportFriends', imported),
  beforeSetFriendRemark: before('SetFriendRemark', remark, ['remark']),
  afterSetFriendRemark: after('SetFriendRemark', remark),
  beforeAddBlack: before('AddBlack', black, [], false),
  afterRemoveBlack: after('RemoveBlack', black),

  beforeUserRegister: before('UserRegister', users, ['users']),
  afterUserRegister: after('UserRegister', users),
  beforeUpdateUserInfo: before('UpdateUserInfo', olderProfile, ['nickName', 'faceURL', 'ex']),
  afterUpdateUserInfo: after('UpdateUserInfo', { ...olderProfile, ex: 'string' }),
  beforeUpdateUserInfoEx: before('UpdateUserInfoEx', profile, ['nickName', 'faceURL', 'ex']),
  afterUpdateUserInfoEx: after('UpdateUserInfoEx', profile),

  beforeCreateGroup: before('CreateGroup', { ...group, operationID: 'string' }, [
    ...['groupID', 'groupName', 'notification', 'introduction', 'faceURL', 'ownerUserID', 'ex', 'status'],
    ...['creatorUserID', 'groupType', 'needVerification', 'lookMemberInfo'],
  ]),
  afterCreateGroup: after('CreateGroup', group),
  beforeMemberJoinGroup: before(
    'MembersJoinGroup',
    { groupID: 'string', memberList: [{ userID: 'string', ex: 'string' }], groupEx: 'string' },
    ['memberCallbackList'],
  ),
  beforeInviteUserToGroup: before('InviteJoinGroup', {
    ...of('string', 'operationID', 'groupID', 'reason'),
    ...of('strings', 'invitedUserIDs'),
  }),
  beforeApplyJoinGroup: before('JoinGroup', {
    ...of('string', 'groupID', 'groupType', 'applyID', 'reqMessage', 'ex'),
  }),
  afterJoinGroup: after('JoinGroup', {
    ...of('string', 'operationID', 'groupID', 'reqMessage'),
    ...of('number', 'joinSource'),
    inviterUserID: 'string',
  }),
  afterQuitGroup: after('QuitGroup', { groupID: 'string', userID: 'string' }),
  afterKickGroupMember: after('KickGroup', { groupID: 'string', kickedUserIDs: 'strings', reason: 'string' }),
  afterDismissGroup: after('DisMissGroup', {
    ...of('string', 'groupID', 'ownerID', 'groupType'),
    ...of('strings', 'membersID'),
  }),
  afterTransferGroupOwner: after('TransferGroupOwner', {
    ...of('string', 'groupID', 'oldOwnerUserID', 'newOwnerUserID'),
  }),
  beforeSetGroupInfo: before(
    'SetGroupInfo',
    {
      ...groupInfo,
      ...of('string', 'ex'),
      ...of('number', 'needVerification', 'lookMemberInfo', 'applyMemberFriend'),
    },
    changesOfGroup,
  ),
  afterSetGroupInfo: after('SetGroupInfo', { ...groupInfo, ...rules }),
  beforeSetGroupInfoEx: before('SetGroupInfoEx', groupInfoEx, changesOfGroup),
  afterSetGroupInfoEx: after('SetGroupInfoEx', groupInfoEx),
  beforeSetGroupMemberInfo: before('SetGroupMemberInfo', member, ['nickName', 'faceURL', 'roleLevel', 'ex']),
  afterSetGroupMemberInfo: after('SetGroupMemberInfo', member),

  beforeCreateSingleChatConversations: before(
    'CreateSingleChatConversations',
    { ...conversation, userId: 'string' },
    changesOfConversation,
    false,
  ),
  afterCreateSingleChatConversations: after('CreateSingleChatConversations', { ...conversation, userId: 'string' }),
  beforeCreateGroupChatConversations: before(
    'CreateGroupChatConversations',
    { ...conversation, groupId: 'string' },
    changesOfConversation,
    false,
  ),
  afterCreateGroupChatConversations: after('CreateGroupChatConversations', { ...conversation, groupId: 'string' }),
}
