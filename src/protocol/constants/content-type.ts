/** The kind of a message's `content`. OpenIM: the names; Notification is kept in those names that clients display. */
export const ContentType = {
  // Written by people.
  Text: 101,
  Picture: 102,
  Sound: 103,
  Video: 104,
  File: 105,
  AtText: 106,
  Merger: 107,
  Card: 108,
  Location: 109,
  Custom: 110,
  Revoke: 111,
  Typing: 113,
  Quote: 114,
  Face: 115,
  AdvancedText: 117,
  MarkdownText: 118,
  CustomNotTriggerConversation: 119,
  CustomOnlineOnly: 120,
  ReactionMessageModifier: 121,
  ReactionMessageDeleter: 122,
  Stream: 143,
  Common: 200,
  GroupMsg: 201,
  SignalMsg: 202,
  CustomNotification: 203,

  // Friends and the black list.
  FriendApplicationApprovedNotification: 1201,
  FriendApplicationRejectedNotification: 1202,
  FriendApplicationNotification: 1203,
  FriendAddedNotification: 1204,
  FriendDeletedNotification: 1205,
  FriendRemarkSetNotification: 1206,
  BlackAddedNotification: 1207,
  BlackDeletedNotification: 1208,
  FriendInfoUpdatedNotification: 1209,
  FriendsInfoUpdateNotification: 1210,

  // The user's own settings.
  ConversationChangeNotification: 1300,
  UserInfoUpdatedNotification: 1303,
  UserStatusChangeNotification: 1304,
  UserCommandAddNotification: 1305,
  UserCommandDeleteNotification: 1306,
  UserCommandUpdateNotification: 1307,
  UserSubscribeOnlineStatusNotification: 1308,

  /** A message of a notification account: an ordinary message, although its number is in the range of notifications. */
  OANotification: 1400,

  // Groups.
  GroupCreatedNotification: 1501,
  GroupInfoSetNotification: 1502,
  JoinGroupApplicationNotification: 1503,
  MemberQuitNotification: 1504,
  GroupApplicationAcceptedNotification: 1505,
  GroupApplicationRejectedNotification: 1506,
  GroupOwnerTransferredNotification: 1507,
  MemberKickedNotification: 1508,
  MemberInvitedNotification: 1509,
  MemberEnterNotification: 1510,
  GroupDismissedNotification: 1511,
  GroupMemberMutedNotification: 1512,
  GroupMemberCancelMutedNotification: 1513,
  GroupMutedNotification: 1514,
  GroupCancelMutedNotification: 1515,
  GroupMemberInfoSetNotification: 1516,
  GroupMemberSetToAdminNotification: 1517,
  GroupMemberSetToOrdinaryUserNotification: 1518,
  GroupInfoSetAnnouncementNotification: 1519,
  GroupInfoSetNameNotification: 1520,

  // Calls.
  SignalingNotification: 1601,
  RoomParticipantsConnectedNotification: 1602,
  RoomParticipantsDisconnectedNotification: 1603,
  StreamChangedNotification: 1604,
  CustomSignalNotification: 1605,

  // One conversation in its owner's list.
  ConversationPrivateChatNotification: 1701,
  ConversationUnreadNotification: 1702,
  ClearConversationNotification: 1703,
  ConversationDeleteNotification: 1704,

  /** Data that an app server sends to its clients. */
  BusinessNotification: 2001,

  // Messages already sent.
  MsgRevokeNotification: 2101,
  DeleteMsgsNotification: 2102,
  HasReadReceipt: 2200,
} as const

export type ContentType = (typeof ContentType)[keyof typeof ContentType]

/** `mixType` of an OANotification: the elements that it shows with its text. */
export const MixType = { Text: 0, Picture: 1, Video: 2, File: 3, Sound: 4, SoundAndPicture: 5 } as const

/** Server-made kinds. OpenIM: skips the send checks for them, for every sender. The range includes OANotification. */
export function isNotificationKind(contentType: number): boolean {
  return contentType >= 1000 && contentType <= 5000
}
