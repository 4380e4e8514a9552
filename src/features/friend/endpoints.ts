import { post } from '../../platform/endpoint.ts'
import { getBlackList, getDesignatedFriends, getFriendList } from './list-friends.ts'
import {
  GetBlackListReq,
  GetDesignatedFriendsReq,
  GetFriendListReq,
  GetFullFriendUserIDsReq,
  GetIncrementalFriendsReq,
} from './schema.ts'
import { getFullFriendUserIDs, getIncrementalFriends } from './sync-friends.ts'

export const friendEndpoints = [
  post('/friend/get_friend_list', 'token', GetFriendListReq, getFriendList),
  post('/friend/get_designated_friends', 'token', GetDesignatedFriendsReq, getDesignatedFriends),
  post('/friend/get_black_list', 'token', GetBlackListReq, getBlackList),
  post('/friend/get_incremental_friends', 'token', GetIncrementalFriendsReq, getIncrementalFriends),
  post('/friend/get_full_friend_user_ids', 'token', GetFullFriendUserIDsReq, getFullFriendUserIDs),
]
