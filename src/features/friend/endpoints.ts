import { post } from '../../runtime/endpoint.ts'
import { addFriend } from './add-friend.ts'
import { addBlack, removeBlack } from './change-blacks.ts'
import { deleteFriend } from './delete-friend.ts'
import { importFriends } from './import-friends.ts'
import { getBlackList, getIncrementalBlacks, getSpecifiedBlacks } from './list-blacks.ts'
import { getDesignatedFriends, getFriendIDs, getFriendList, getSpecifiedFriendsInfo, isFriend } from './list-friends.ts'
import {
  getDesignatedFriendApply,
  getFriendApplyList,
  getSelfFriendApplyList,
  getSelfUnhandledApplyCount,
} from './list-requests.ts'
import { respondFriendRequest } from './respond-friend-request.ts'
import {
  AddBlackReq,
  ApplyToAddFriendReq,
  DeleteFriendReq,
  GetBlackListReq,
  GetDesignatedFriendsApplyReq,
  GetDesignatedFriendsReq,
  GetFriendIDsReq,
  GetFriendListReq,
  GetFullFriendUserIDsReq,
  GetIncrementalBlacksReq,
  GetIncrementalFriendsReq,
  GetPaginationFriendsApplyFromReq,
  GetPaginationFriendsApplyToReq,
  GetSelfUnhandledApplyCountReq,
  GetSpecifiedBlacksReq,
  GetSpecifiedFriendsInfoReq,
  ImportFriendReq,
  IsFriendReq,
  RemoveBlackReq,
  RespondFriendApplyReq,
  SetFriendRemarkReq,
  UpdateFriendsReq,
} from './schema.ts'
import { getFullFriendUserIDs, getIncrementalFriends } from './sync-friends.ts'
import { setFriendRemark, updateFriends } from './update-friends.ts'

export const friendEndpoints = [
  post('/friend/add_friend', 'token', ApplyToAddFriendReq, addFriend),
  post('/friend/add_friend_response', 'token', RespondFriendApplyReq, respondFriendRequest),
  post('/friend/get_friend_apply_list', 'token', GetPaginationFriendsApplyToReq, getFriendApplyList),
  post('/friend/get_self_friend_apply_list', 'token', GetPaginationFriendsApplyFromReq, getSelfFriendApplyList),
  post('/friend/get_designated_friend_apply', 'token', GetDesignatedFriendsApplyReq, getDesignatedFriendApply),
  post('/friend/get_self_unhandled_apply_count', 'token', GetSelfUnhandledApplyCountReq, getSelfUnhandledApplyCount),

  post('/friend/import_friend', 'admin', ImportFriendReq, importFriends),
  post('/friend/delete_friend', 'token', DeleteFriendReq, deleteFriend),
  post('/friend/set_friend_remark', 'token', SetFriendRemarkReq, setFriendRemark),
  post('/friend/update_friends', 'token', UpdateFriendsReq, updateFriends),

  post('/friend/get_friend_list', 'token', GetFriendListReq, getFriendList),
  post('/friend/get_designated_friends', 'token', GetDesignatedFriendsReq, getDesignatedFriends),
  post('/friend/get_friend_id', 'token', GetFriendIDsReq, getFriendIDs),
  post('/friend/get_specified_friends_info', 'token', GetSpecifiedFriendsInfoReq, getSpecifiedFriendsInfo),
  post('/friend/is_friend', 'token', IsFriendReq, isFriend),
  post('/friend/get_incremental_friends', 'token', GetIncrementalFriendsReq, getIncrementalFriends),
  post('/friend/get_full_friend_user_ids', 'token', GetFullFriendUserIDsReq, getFullFriendUserIDs),

  post('/friend/add_black', 'token', AddBlackReq, addBlack),
  post('/friend/remove_black', 'token', RemoveBlackReq, removeBlack),
  post('/friend/get_black_list', 'token', GetBlackListReq, getBlackList),
  post('/friend/get_specified_blacks', 'token', GetSpecifiedBlacksReq, getSpecifiedBlacks),
  post('/friend/get_incremental_blacks', 'token', GetIncrementalBlacksReq, getIncrementalBlacks),
]
