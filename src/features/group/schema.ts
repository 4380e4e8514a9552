import { z } from 'zod'
import type { GroupRecord } from '../../contracts/group-change.ts'
import { MemberFilter } from '../../protocol/constants/group.ts'
import { hash64, int32, int64, list, message, pagination, str, uint64 } from '../../runtime/openim-json.ts'

const MAX_IDS_PER_CALL = 1_000
const MAX_ID = 64
const MAX_SEARCH_TEXT = 255
/** The most values of the filter `handleResults`. */
const MAX_HANDLE_RESULTS = 16

const id = z.string().max(MAX_ID)
const groupID = id.min(1)
const userID = id.min(1)
const ids = list(z.string()).pipe(z.array(z.string()).max(MAX_IDS_PER_CALL))
const someIDs = ids.refine((given) => given.length > 0, { error: 'name at least one' })
const handleResults = list(int32()).pipe(z.array(z.int()).max(MAX_HANDLE_RESULTS))
const searchText = str().pipe(z.string().max(MAX_SEARCH_TEXT))
const page = () => pagination()
const known = { versionID: str(), version: uint64() }

export const GetJoinedGroupListReq = message({ fromUserID: userID, pagination: page() })
export const GetGroupsInfoReq = message({ groupIDs: someIDs })
export const GetGroupsReq = message({ pagination: page(), groupName: searchText, groupID: str().pipe(id) })
export const GetGroupAbstractInfoReq = message({
  groupIDs: someIDs.refine((given) => new Set(given).size === given.length, { error: 'a groupID is given twice' }),
})
export const GetIncrementalJoinGroupsReq = message({ userID, ...known })
export const GetFullJoinGroupIDsReq = message({ userID, idHash: hash64() })

export const GetGroupMemberListReq = message({
  pagination: page(),
  groupID,
  filter: int32().pipe(z.int().min(MemberFilter.All).max(MemberFilter.OwnerAndAdmins)),
  keyword: searchText,
})
export const GetGroupMembersInfoReq = message({ groupID, userIDs: someIDs })
export const GetGroupMemberUserIDsReq = message({ groupID })
export const GetIncrementalGroupMembersReq = message({ groupID, ...known })
export const GetIncrementalGroupMembersBatchReq = message({
  userID: str(),
  reqList: list(GetIncrementalGroupMembersReq, MAX_IDS_PER_CALL),
})
export const GetFullGroupMemberUserIDsReq = message({ groupID, idHash: hash64() })

export const GetRecvGroupApplicationListReq = message({
  pagination: page(),
  fromUserID: userID,
  groupIDs: ids,
  handleResults,
})
export const GetUserReqGroupApplicationListReq = message({ pagination: page(), userID, groupIDs: ids, handleResults })
export const GetGroupUsersReqApplicationListReq = message({ groupID, userIDs: someIDs })
export const GetSpecifiedUserGroupRequestInfoReq = message({ groupID, userID })
export const GetGroupApplicationUnhandledCountReq = message({ userID, time: int64() })

/** `sdkws.GroupInfo` on the wire: it has the same fields and values as the row. */
export type GroupInfo = GroupRecord

/** A group in the list for administrators. */
export interface CMSGroup {
  groupInfo: GroupInfo
  groupOwnerUserName: string
  groupOwnerUserID: string
}

/** The number of members of a group and a hash of their entries, so that a client can check its copy. */
export interface GroupAbstractInfo {
  groupID: string
  groupMemberNumber: number
  groupMemberListHash: bigint
}

/** `sdkws.GroupMemberFullInfo` on the wire. The fields are in the order in which they are hashed. */
export interface GroupMemberFullInfo {
  groupID: string
  userID: string
  roleLevel: number
  joinTime: number
  nickname: string
  faceURL: string
  appMangerLevel: number
  joinSource: number
  operatorUserID: string
  ex: string
  muteEndTime: number
  inviterUserID: string
}

/** `sdkws.PublicUserInfo` on the wire. */
export interface PublicUserInfo {
  userID: string
  nickname: string
  faceURL: string
  ex: string
}

/** `sdkws.GroupRequest` on the wire. */
export interface GroupRequestInfo {
  userInfo: PublicUserInfo
  groupInfo: GroupInfo
  handleResult: number
  reqMsg: string
  handleMsg: string
  reqTime: number
  handleUserID: string
  handleTime: number
  ex: string
  joinSource: number
  inviterUserID: string
}
