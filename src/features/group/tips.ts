import type { GroupMemberRecord, GroupNotice } from '../../contracts/group-change.ts'
import { inBatches } from '../../platform/concurrency/batches.ts'
import { ContentType } from '../../protocol/constants/content-type.ts'
import { GroupRole } from '../../protocol/constants/group.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { existingUser } from '../user/access.ts'
import type { GroupInfo, GroupMemberFullInfo } from './schema.ts'
import { findMembers } from './store/members.ts'
import { groupMemberFullInfo } from './wire.ts'

/** OpenIM's level of an administrator of the app. */
const APP_ADMIN_LEVEL = 2

/** So many members a notice names; clients read the others from the list. */
export const MAX_NAMED = 50

/** What the members in one notice have to fit into, twice written as JSON: what becomes one row of the log has 2 MB. */
const MAX_NAMED_BYTES = 512 * 1024

/** Members in parts of which each fits into one notice. */
export function inParts(members: readonly GroupMemberFullInfo[]): GroupMemberFullInfo[][] {
  const bytesOf = (member: GroupMemberFullInfo) => Buffer.byteLength(JSON.stringify(JSON.stringify(member)))
  return inBatches(members, bytesOf, { maxItems: MAX_NAMED, maxBytes: MAX_NAMED_BYTES })
}

/** The one who acts, as the notices show them: a member, or an administrator of the app who is none. */
export async function actorOf(ctx: CallerContext, groupID: string): Promise<GroupMemberFullInfo> {
  const { userID } = ctx.caller
  const [member] = await findMembers(ctx.db, [{ groupID, userID }])
  if (member) return groupMemberFullInfo(member)
  return outsider(ctx, groupID)
}

/** Somebody who acts on a group without being in it. */
export async function outsider(ctx: CallerContext, groupID: string): Promise<GroupMemberFullInfo> {
  const { userID, nickname, faceURL } = await existingUser(ctx, ctx.caller.userID)
  return {
    groupID,
    userID,
    nickname,
    faceURL,
    roleLevel: GroupRole.Admin,
    appMangerLevel: ctx.caller.isAdmin ? APP_ADMIN_LEVEL : 0,
    joinTime: 0,
    joinSource: 0,
    operatorUserID: '',
    ex: '',
    muteEndTime: 0,
    inviterUserID: '',
  }
}

/** Members of a group as the notices show them, in the order asked for. */
export async function shownMembers(
  ctx: Context,
  groupID: string,
  userIDs: readonly string[],
): Promise<GroupMemberFullInfo[]> {
  const members = await findMembers(
    ctx.db,
    userIDs.map((userID) => ({ groupID, userID })),
  )
  return members.map(groupMemberFullInfo)
}

/** A member who is only now to be taken in. */
export function shownNewcomer(
  member: GroupMemberRecord,
  user: { nickname: string; faceURL: string } | undefined,
): GroupMemberFullInfo {
  return groupMemberFullInfo({ member, user: user ?? { nickname: '', faceURL: '' } })
}

interface Base {
  group: GroupInfo
  opUser: GroupMemberFullInfo
}

interface Timed extends Base {
  operationTime: number
}

type Members = GroupMemberFullInfo[]

const noticeOf = (contentType: number, actor: GroupMemberFullInfo, detail: object, toChat?: boolean): GroupNotice => ({
  contentType,
  sendID: actor.userID,
  detail,
  ...(toChat !== undefined && { toChat }),
})

/** Some notices show the actor as a sender of messages is shown. */
const signed = (notice: GroupNotice, { nickname, faceURL }: GroupMemberFullInfo): GroupNotice => ({
  ...notice,
  senderNickname: nickname,
  senderFaceURL: faceURL,
})

/*
 * The notices of a group, with OpenIM's field names. The member list's version, and how many members there are, is
 * filled in where the change is carried out.
 */
export const groupNotice = {
  created: (base: Timed & { groupOwnerUser: GroupMemberFullInfo; memberList: Members }, toChat?: boolean) =>
    noticeOf(ContentType.GroupCreatedNotification, base.opUser, base, toChat),

  infoSet: (base: Base) =>
    signed(noticeOf(ContentType.GroupInfoSetNotification, base.opUser, { ...base, muteTime: 0 }), base.opUser),

  nameSet: (base: Base) => noticeOf(ContentType.GroupInfoSetNameNotification, base.opUser, base),

  /** An announcement that is taken away is no message of the chat. */
  announcementSet: (base: Base) =>
    signed(
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

  /** A role moves the member in the list, so its order has a new version as well. */
  roleSet: (base: Timed & { changedUser: GroupMemberFullInfo }) =>
    noticeOf(
      base.changedUser.roleLevel === GroupRole.Admin
        ? ContentType.GroupMemberSetToAdminNotification
        : ContentType.GroupMemberSetToOrdinaryUserNotification,
      base.opUser,
      { ...base, groupSortVersion: 0 },
    ),
}
