import type { GroupNotification } from '../../../contracts/group-change.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { GroupRole } from '../../../protocol/constants/group.ts'
import type { GroupInfo, GroupMemberFullInfo } from '../schema.ts'

/** The fields that most tips have. */
interface Base {
  group: GroupInfo
  opUser: GroupMemberFullInfo
}

interface Timed extends Base {
  operationTime: number
}

type Members = GroupMemberFullInfo[]

const noticeOf = (
  contentType: number,
  actor: GroupMemberFullInfo,
  detail: object,
  toChat?: boolean,
): GroupNotification => ({
  contentType,
  sendID: actor.userID,
  detail,
  ...(toChat !== undefined && { toChat }),
})

/** Adds the actor's name and face as those of the sender: some notifications show them. */
const withSender = (notice: GroupNotification, { nickname, faceURL }: GroupMemberFullInfo): GroupNotification => ({
  ...notice,
  senderNickname: nickname,
  senderFaceURL: faceURL,
})

/*
 * The notifications of a group, with OpenIM's field names in their tips. The ConversationObject that carries out the
 * change fills in the version of the member list and the number of members.
 */
export const groupNotification = {
  created: (base: Timed & { groupOwnerUser: GroupMemberFullInfo; memberList: Members }, toChat?: boolean) =>
    noticeOf(ContentType.GroupCreatedNotification, base.opUser, base, toChat),

  infoSet: (base: Base) =>
    withSender(noticeOf(ContentType.GroupInfoSetNotification, base.opUser, { ...base, muteTime: 0 }), base.opUser),

  nameSet: (base: Base) => noticeOf(ContentType.GroupInfoSetNameNotification, base.opUser, base),

  /** A removed announcement does not appear in the chat. */
  announcementSet: (base: Base) =>
    withSender(
      noticeOf(
        ContentType.GroupInfoSetAnnouncementNotification,
        base.opUser,
        base,
        base.group.notification === '' ? false : undefined,
      ),
      base.opUser,
    ),

  memberQuit: (group: GroupInfo, quitUser: GroupMemberFullInfo, operationTime: number) =>
    noticeOf(ContentType.MemberQuitNotification, quitUser, { group, quitUser, operationTime }),

  membersKicked: (base: Timed & { kickedUserList: Members }, toChat?: boolean) =>
    noticeOf(ContentType.MemberKickedNotification, base.opUser, base, toChat),

  membersInvited: (base: Timed & { invitedUserList: Members; inviterUser: GroupMemberFullInfo }, toChat?: boolean) =>
    noticeOf(ContentType.MemberInvitedNotification, base.opUser, base, toChat),

  memberEntered: (actorID: string, group: GroupInfo, entrantUser: GroupMemberFullInfo, operationTime: number) => ({
    ...noticeOf(ContentType.MemberEnterNotification, entrantUser, { group, entrantUser, operationTime }),
    sendID: actorID,
  }),

  ownerTransferred: (
    base: Timed & {
      newGroupOwner: GroupMemberFullInfo
      oldGroupOwner: string
      oldGroupOwnerInfo: GroupMemberFullInfo
    },
  ) => noticeOf(ContentType.GroupOwnerTransferredNotification, base.opUser, base),

  dismissed: (base: Timed, toChat?: boolean) =>
    noticeOf(ContentType.GroupDismissedNotification, base.opUser, base, toChat),

  memberMuted: (base: Timed & { mutedUser: GroupMemberFullInfo; mutedSeconds: number }) =>
    noticeOf(ContentType.GroupMemberMutedNotification, base.opUser, base),

  memberUnmuted: (base: Timed & { mutedUser: GroupMemberFullInfo }) =>
    noticeOf(ContentType.GroupMemberCancelMutedNotification, base.opUser, base),

  muted: (base: Timed) => noticeOf(ContentType.GroupMutedNotification, base.opUser, base),

  unmuted: (base: Timed) => noticeOf(ContentType.GroupCancelMutedNotification, base.opUser, base),

  memberInfoSet: (base: Timed & { changedUser: GroupMemberFullInfo }) =>
    noticeOf(ContentType.GroupMemberInfoSetNotification, base.opUser, base),

  /** A new role moves the member within the list, so the order of the list gets a new version too. */
  roleSet: (base: Timed & { changedUser: GroupMemberFullInfo }) =>
    noticeOf(
      base.changedUser.roleLevel === GroupRole.Admin
        ? ContentType.GroupMemberSetToAdminNotification
        : ContentType.GroupMemberSetToOrdinaryUserNotification,
      base.opUser,
      { ...base, groupSortVersion: 0 },
    ),
}
