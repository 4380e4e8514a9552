import { z } from 'zod'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { hash64, int32, int64, list, message, optional, pagination, str, uint64 } from '../../runtime/openim-json.ts'
import type { UserInfo } from '../user/schema.ts'

const MAX_IDS_PER_CALL = 1_000
const MAX_USER_ID = 64
const MAX_REMARK = 255
const MAX_WORDS = 2_048
const MAX_EX = 8_192
/** The most values of the filter `handleResults`. */
const MAX_HANDLE_RESULTS = 16

const userID = z.string().min(1).max(MAX_USER_ID)
const userIDs = list(z.string()).pipe(z.array(z.string()).max(MAX_IDS_PER_CALL))
const someUserIDs = userIDs
  .refine((ids) => ids.length > 0, { error: 'name at least one user' })
  .refine((ids) => new Set(ids).size === ids.length, { error: 'the same userID is given twice' })
const words = str().pipe(z.string().max(MAX_WORDS))
const ex = z.string().max(MAX_EX)
const remark = z.string().max(MAX_REMARK)
const page = () => pagination()

export const GetFriendListReq = message({ userID, pagination: page() })
export const GetDesignatedFriendsReq = message({ ownerUserID: userID, friendUserIDs: userIDs })
export const GetFriendIDsReq = message({ userID })
export const GetSpecifiedFriendsInfoReq = message({ ownerUserID: userID, userIDList: someUserIDs })
export const IsFriendReq = message({ userID1: userID, userID2: userID })
export const GetIncrementalFriendsReq = message({ userID, versionID: str(), version: uint64() })
export const GetFullFriendUserIDsReq = message({ userID, idHash: hash64() })

export const ApplyToAddFriendReq = message({ fromUserID: userID, toUserID: userID, reqMsg: words, ex: str().pipe(ex) })
export const RespondFriendApplyReq = message({
  fromUserID: userID,
  toUserID: userID,
  handleResult: z.union([z.literal(HandleResult.Agreed), z.literal(HandleResult.Refused)], {
    error: 'handleResult is 1 (agree) or -1 (refuse)',
  }),
  handleMsg: words,
})
export const ImportFriendReq = message({ ownerUserID: userID, friendUserIDs: someUserIDs })
export const DeleteFriendReq = message({ ownerUserID: userID, friendUserID: userID })
export const SetFriendRemarkReq = message({ ownerUserID: userID, friendUserID: userID, remark: str().pipe(remark) })
export const UpdateFriendsReq = message({
  ownerUserID: userID,
  friendUserIDs: someUserIDs,
  isPinned: optional(z.boolean()),
  remark: optional(remark),
  ex: optional(ex),
})

const handleResults = list(int32()).pipe(z.array(z.int()).max(MAX_HANDLE_RESULTS))
const requestPage = { userID, pagination: page(), handleResults }
export const GetPaginationFriendsApplyToReq = message(requestPage)
export const GetPaginationFriendsApplyFromReq = message(requestPage)
export const GetDesignatedFriendsApplyReq = message({ fromUserID: userID, toUserID: userID })
export const GetSelfUnhandledApplyCountReq = message({ userID, time: int64() })

export const GetBlackListReq = message({ userID, pagination: page() })
export const AddBlackReq = message({ ownerUserID: userID, blackUserID: userID, ex: str().pipe(ex) })
export const RemoveBlackReq = message({ ownerUserID: userID, blackUserID: userID })
export const GetSpecifiedBlacksReq = message({ ownerUserID: userID, userIDList: userIDs })
export const GetIncrementalBlacksReq = message({ userID, versionID: str(), version: uint64() })

/** `sdkws.FriendInfo` on the wire. `friendUser` has only the fields of the profile; the other fields are 0. */
export interface FriendInfo {
  ownerUserID: string
  remark: string
  /** In seconds, in lists and deltas. */
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
  /** In seconds, in lists and deltas. */
  createTime: number
  blackUserInfo: { userID: string; nickname: string; faceURL: string; ex: string }
  addSource: number
  operatorUserID: string
  ex: string
}

/** The owner's relation to one user. Unlike in lists, times are in ms, and the entries do not repeat the user. */
export interface SpecifiedFriendInfo {
  userInfo: UserInfo
  friendInfo: (Omit<FriendInfo, 'friendUser'> & { friendUser: null }) | null
  blackInfo: (Omit<BlackInfo, 'blackUserInfo'> & { blackUserInfo: null }) | null
}

/** `sdkws.FriendRequest` on the wire; times are in ms. */
export interface FriendRequestInfo {
  fromUserID: string
  fromNickname: string
  fromFaceURL: string
  toUserID: string
  toNickname: string
  toFaceURL: string
  handleResult: number
  reqMsg: string
  createTime: number
  handlerUserID: string
  handleMsg: string
  handleTime: number
  ex: string
}
