import { z } from 'zod'
import { hash64, message, pagination, str, uint64 } from '../../platform/wire.ts'

export const GetJoinedGroupListReq = message({ fromUserID: z.string().min(1), pagination: pagination() })
export const GetGroupsInfoReq = message({ groupIDs: z.array(z.string()).min(1).max(1000) })
export const GetIncrementalJoinGroupsReq = message({ userID: z.string().min(1), versionID: str(), version: uint64() })
export const GetFullJoinGroupIDsReq = message({ userID: z.string().min(1), idHash: hash64() })

/** `sdkws.GroupInfo` on the wire. */
export interface GroupInfo {
  groupID: string
  groupName: string
  notification: string
  introduction: string
  faceURL: string
  ownerUserID: string
  createTime: number
  memberCount: number
  ex: string
  status: number
  creatorUserID: string
  groupType: number
  needVerification: number
  lookMemberInfo: number
  applyMemberFriend: number
  notificationUpdateTime: number
  notificationUserID: string
}
