import { z } from 'zod'
import { hash64, list, message, pagination, str, uint64 } from '../../platform/wire.ts'
import type { UserInfo } from '../user/schema.ts'

export const GetFriendListReq = message({ userID: z.string().min(1), pagination: pagination() })
export const GetDesignatedFriendsReq = message({
  ownerUserID: z.string().min(1),
  friendUserIDs: list(z.string()).pipe(z.array(z.string()).max(1000)),
})
export const GetBlackListReq = message({ userID: z.string().min(1), pagination: pagination() })
export const GetIncrementalFriendsReq = message({ userID: z.string().min(1), versionID: str(), version: uint64() })
export const GetFullFriendUserIDsReq = message({ userID: z.string().min(1), idHash: hash64() })

/** `sdkws.FriendInfo` on the wire; of the user only the profile is filled. */
export interface FriendInfo {
  ownerUserID: string
  remark: string
  /** Seconds in lists and deltas. */
  createTime: number
  friendUser: UserInfo
  addSource: number
  operatorUserID: string
  ex: string
  isPinned: boolean
}

/** `sdkws.BlackInfo` on the wire. */
export interface BlackInfo {
  ownerUserID: string
  /** Seconds in lists. */
  createTime: number
  blackUserInfo: { userID: string; nickname: string; faceURL: string; ex: string }
  addSource: number
  operatorUserID: string
  ex: string
}
