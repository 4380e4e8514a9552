import { ContentType } from '../protocol/constants/content-type.ts'

/** The texts that an offline user's phone shows for a kind of notification. */
export interface DefaultPushText {
  title: string
  desc: string
  ext: string
}

/** How the notifications of one kind are stored and pushed. */
export interface NotificationKind {
  contentType: ContentType
  /** Also stored as a message of the chat, which is part of the history and counts as unread. */
  toChat: boolean
  /**
   * Stored in the notification log, so that clients pull it after a reconnect. Clients recover the changes of the other
   * kinds by incremental sync (`sync/`).
   */
  stored: boolean
  offlinePush: DefaultPushText | null
}

const kind = (contentType: ContentType, given: Partial<NotificationKind> = {}): NotificationKind => ({
  contentType,
  toChat: false,
  stored: false,
  offlinePush: null,
  ...given,
})

const push = (text: string, desc = text): { offlinePush: DefaultPushText } => ({
  offlinePush: { title: text, desc, ext: text },
})

const inChat = { toChat: true }
const stored = { stored: true }

/*
 * Every kind of notification that this service sends, with the defaults of OpenIM's notification.yml. The field
 * `stored` is not configurable, because clients rely on it.
 */
export const NotificationKinds = {
  friendApplicationApproved: kind(ContentType.FriendApplicationApprovedNotification, {
    ...inChat,
    ...push('Someone applies to add your friend application'),
  }),
  friendApplicationRejected: kind(
    ContentType.FriendApplicationRejectedNotification,
    push('Someone rejected your friend application'),
  ),
  friendApplication: kind(ContentType.FriendApplicationNotification, push('Somebody applies to add you as a friend')),
  friendDeleted: kind(ContentType.FriendDeletedNotification),
  friendRemarkSet: kind(ContentType.FriendRemarkSetNotification),
  blackAdded: kind(ContentType.BlackAddedNotification),
  blackDeleted: kind(ContentType.BlackDeletedNotification),
  friendInfoUpdated: kind(ContentType.FriendInfoUpdatedNotification),
  friendsInfoUpdate: kind(ContentType.FriendsInfoUpdateNotification),

  conversationChange: kind(ContentType.ConversationChangeNotification),
  userInfoUpdated: kind(ContentType.UserInfoUpdatedNotification),

  groupCreated: kind(ContentType.GroupCreatedNotification, inChat),
  groupInfoSet: kind(ContentType.GroupInfoSetNotification),
  joinGroupApplication: kind(
    ContentType.JoinGroupApplicationNotification,
    push('joinGroupApplication title', 'joinGroupApplication desc'),
  ),
  memberQuit: kind(ContentType.MemberQuitNotification, inChat),
  groupApplicationAccepted: kind(
    ContentType.GroupApplicationAcceptedNotification,
    push('groupApplicationAccepted title', 'groupApplicationAccepted desc'),
  ),
  groupApplicationRejected: kind(
    ContentType.GroupApplicationRejectedNotification,
    push('groupApplicationRejected title', 'groupApplicationRejected desc'),
  ),
  groupOwnerTransferred: kind(ContentType.GroupOwnerTransferredNotification, inChat),
  memberKicked: kind(ContentType.MemberKickedNotification, inChat),
  memberInvited: kind(ContentType.MemberInvitedNotification, inChat),
  memberEnter: kind(ContentType.MemberEnterNotification, inChat),
  groupDismissed: kind(ContentType.GroupDismissedNotification, inChat),
  groupMemberMuted: kind(ContentType.GroupMemberMutedNotification, inChat),
  groupMemberCancelMuted: kind(ContentType.GroupMemberCancelMutedNotification, inChat),
  groupMuted: kind(ContentType.GroupMutedNotification, inChat),
  groupCancelMuted: kind(ContentType.GroupCancelMutedNotification, inChat),
  groupMemberInfoSet: kind(ContentType.GroupMemberInfoSetNotification),
  groupMemberSetToAdmin: kind(ContentType.GroupMemberSetToAdminNotification),
  groupMemberSetToOrdinaryUser: kind(ContentType.GroupMemberSetToOrdinaryUserNotification),
  groupInfoSetAnnouncement: kind(ContentType.GroupInfoSetAnnouncementNotification, inChat),
  groupInfoSetName: kind(ContentType.GroupInfoSetNameNotification, inChat),

  conversationPrivateChat: kind(ContentType.ConversationPrivateChatNotification, {
    ...inChat,
    offlinePush: null,
  }),
  clearConversation: kind(ContentType.ClearConversationNotification),
  business: kind(ContentType.BusinessNotification),
  msgRevoke: kind(ContentType.MsgRevokeNotification, stored),
  deleteMsgs: kind(ContentType.DeleteMsgsNotification, stored),
  hasReadReceipt: kind(ContentType.HasReadReceipt, stored),
} as const satisfies Record<string, NotificationKind>

const byContentType = new Map<number, NotificationKind>(
  Object.values(NotificationKinds).map((kind) => [kind.contentType, kind]),
)

/** The kind with this contentType. */
export function kindOf(contentType: number): NotificationKind {
  const kind = byContentType.get(contentType)
  if (!kind) throw new Error(`no kind of notification has the contentType ${contentType}`)
  return kind
}
