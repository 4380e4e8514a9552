import type { CMSGroup, GroupInfo, GroupMemberFullInfo, GroupRequestInfo, PublicUserInfo } from './schema.ts'
import type { GroupWithOwner } from './store/groups.ts'
import type { MemberWithUser } from './store/members.ts'
import type { GroupRequestWithBoth } from './store/requests.ts'
import type { GroupRow } from './tables.ts'

/** A group's row has the names and values of the wire. */
export function groupInfo(row: GroupRow): GroupInfo {
  return row
}

export function cmsGroup({ group, owner }: GroupWithOwner): CMSGroup {
  return {
    groupInfo: groupInfo(group),
    groupOwnerUserName: owner.nickname,
    groupOwnerUserID: group.ownerUserID,
  }
}

/** A member shows what is set for this group, and else the user's own name and face. */
export function groupMemberFullInfo({ member, user }: MemberWithUser): GroupMemberFullInfo {
  return {
    groupID: member.groupID,
    userID: member.userID,
    roleLevel: member.roleLevel,
    joinTime: member.joinTime,
    nickname: member.nickname || user.nickname,
    faceURL: member.faceURL || user.faceURL,
    // OpenIM: never told here.
    appMangerLevel: 0,
    joinSource: member.joinSource,
    operatorUserID: member.operatorUserID,
    ex: member.ex,
    muteEndTime: member.muteEndTime,
    inviterUserID: member.inviterUserID,
  }
}

export function publicUserInfo({ userID, nickname, faceURL, ex }: PublicUserInfo): PublicUserInfo {
  return { userID, nickname, faceURL, ex }
}

export function groupRequestInfo({ request, group, user }: GroupRequestWithBoth): GroupRequestInfo {
  return {
    userInfo: publicUserInfo(user),
    groupInfo: groupInfo(group),
    handleResult: request.handleResult,
    reqMsg: request.reqMsg,
    handleMsg: request.handledMsg,
    reqTime: request.reqTime,
    handleUserID: request.handleUserID,
    handleTime: request.handledTime,
    ex: request.ex,
    joinSource: request.joinSource,
    inviterUserID: request.inviterUserID,
  }
}
