/**
 * `before`: the service asks the app server and waits for its reply. `after`: it notifies the app server of an event.
 */
type Kind = 'before' | 'after'

interface Entry {
  /** The name on the wire: `callbackCommand` in the body, and the last part of the address. */
  command: string
  kind: Kind
  /** OpenIM: default of its configuration. Whether an operation continues when the app server does not answer. */
  failedContinue?: boolean
}

const before = <C extends string>(command: C, failedContinue = true) =>
  ({ command, kind: 'before', failedContinue }) as const

const after = <C extends string>(command: C) => ({ command, kind: 'after' }) as const

/** Every webhook by its key in OpenIM's webhooks.yml. OpenIM: the commands' odd spellings are on the wire. */
export const WEBHOOKS = {
  beforeSendSingleMsg: before('callbackBeforeSendSingleMsgCommand'),
  beforeSendGroupMsg: before('callbackBeforeSendGroupMsgCommand'),
  beforeMsgModify: before('callbackBeforeMsgModifyCommand'),
  afterSendSingleMsg: after('callbackAfterSendSingleMsgCommand'),
  afterSendGroupMsg: after('callbackAfterSendGroupMsgCommand'),
  afterMsgSaveDB: after('callbackAfterMsgSaveDBCommand'),
  afterRevokeMsg: after('callbackBeforeAfterMsgCommand'),
  afterSingleMsgRead: after('callbackAfterSingleMsgReadCommand'),
  afterGroupMsgRead: after('callbackAfterGroupMsgReadCommand'),

  afterUserOnline: after('callbackAfterUserOnlineCommand'),
  afterUserOffline: after('callbackAfterUserOfflineCommand'),
  afterUserKickOff: after('callbackAfterUserKickOffCommand'),

  beforeOnlinePush: before('callbackBeforeOnlinePushCommand'),
  beforeGroupOnlinePush: before('callbackBeforeGroupOnlinePushCommand'),
  beforeOfflinePush: before('callbackBeforeOfflinePushCommand'),

  beforeAddFriend: before('callbackBeforeAddFriendCommand'),
  afterAddFriend: after('callbackAfterAddFriendCommand'),
  beforeAddFriendAgree: before('callbackBeforeAddFriendAgreeCommand'),
  afterAddFriendAgree: after('callbackAfterAddFriendAgreeCommand'),
  afterDeleteFriend: after('callbackAfterDeleteFriendCommand'),
  beforeImportFriends: before('callbackBeforeImportFriendsCommand'),
  afterImportFriends: after('callbackAfterImportFriendsCommand'),
  beforeSetFriendRemark: before('callbackBeforeSetFriendRemarkCommand'),
  afterSetFriendRemark: after('callbackAfterSetFriendRemarkCommand'),
  beforeAddBlack: before('callbackBeforeAddBlackCommand', false),
  afterRemoveBlack: after('callbackAfterRemoveBlackCommand'),

  beforeUserRegister: before('callbackBeforeUserRegisterCommand'),
  afterUserRegister: after('callbackAfterUserRegisterCommand'),
  beforeUpdateUserInfo: before('callbackBeforeUpdateUserInfoCommand'),
  afterUpdateUserInfo: after('callbackAfterUpdateUserInfoCommand'),
  beforeUpdateUserInfoEx: before('callbackBeforeUpdateUserInfoExCommand'),
  afterUpdateUserInfoEx: after('callbackAfterUpdateUserInfoExCommand'),

  beforeCreateGroup: before('callbackBeforeCreateGroupCommand'),
  afterCreateGroup: after('callbackAfterCreateGroupCommand'),
  beforeMemberJoinGroup: before('callbackBeforeMembersJoinGroupCommand'),
  beforeInviteUserToGroup: before('callbackBeforeInviteJoinGroupCommand'),
  beforeApplyJoinGroup: before('callbackBeforeJoinGroupCommand'),
  afterJoinGroup: after('callbackAfterJoinGroupCommand'),
  afterQuitGroup: after('callbackAfterQuitGroupCommand'),
  afterKickGroupMember: after('callbackAfterKickGroupCommand'),
  afterDismissGroup: after('callbackAfterDisMissGroupCommand'),
  afterTransferGroupOwner: after('callbackAfterTransferGroupOwnerCommand'),
  beforeSetGroupInfo: before('callbackBeforeSetGroupInfoCommand'),
  afterSetGroupInfo: after('callbackAfterSetGroupInfoCommand'),
  beforeSetGroupInfoEx: before('callbackBeforeSetGroupInfoExCommand'),
  afterSetGroupInfoEx: after('callbackAfterSetGroupInfoExCommand'),
  beforeSetGroupMemberInfo: before('callbackBeforeSetGroupMemberInfoCommand'),
  afterSetGroupMemberInfo: after('callbackAfterSetGroupMemberInfoCommand'),

  beforeCreateSingleChatConversations: before('callbackBeforeCreateSingleChatConversationsCommand', false),
  afterCreateSingleChatConversations: after('callbackAfterCreateSingleChatConversationsCommand'),
  beforeCreateGroupChatConversations: before('callbackBeforeCreateGroupChatConversationsCommand', false),
  afterCreateGroupChatConversations: after('callbackAfterCreateGroupChatConversationsCommand'),
} as const satisfies Record<string, Entry>

type Named<K extends Kind> = {
  [N in keyof typeof WEBHOOKS]: (typeof WEBHOOKS)[N]['kind'] extends K ? N : never
}[keyof typeof WEBHOOKS]

export type WebhookName = keyof typeof WEBHOOKS
export type BeforeName = Named<'before'>
export type AfterName = Named<'after'>

/** OpenIM: keys of its webhooks.yml that no code reads. `afterRevokeMsg` covers this event. */
export const DEAD_WEBHOOKS = ['afterGroupMsgRevoke'] as const

export function isWebhookName(name: string): name is WebhookName {
  return Object.hasOwn(WEBHOOKS, name)
}
