import type { CMSGroup, GroupInfo, GroupMemberFullInfo, GroupRequestInfo, PublicUserInfo } from './schema.ts'
import type { GroupRow, GroupWithOwner, JoinRequest, MemberWithUser } from './tables.ts'

/** The wire has the same fields and values as the row. */
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

/** Shows the name and the face that the member has set for this group, or else the user's own. */
export function groupMemberFullInfo({ member, user }: MemberWithUser): GroupMemberFullInfo {
  return {
    groupID: member.groupID,
    userID: member.userID,
    roleLevel: member.roleLevel,
    joinTime: member.joinTime,
    nickname: member.nickname || user.nickname,
    faceURL: member.faceURL || user.faceURL,
    // OpenIM: always 0 here.
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

export function groupRequestInfo({ request, group, user }: JoinRequest): GroupRequestInfo {
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
