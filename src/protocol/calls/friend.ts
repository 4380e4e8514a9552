import { about, answers, bool, type Calls, does, int32, int64, list, maybe, ms, named, str, uint64 } from './shape.ts'
import { PublicUserInfo, UserInfo } from './user.ts'

const SINCE = 'seconds since 1970; milliseconds in /friend/get_specified_friends_info and /friend/get_specified_blacks'

const FriendInfo = named('FriendInfo', {
  ownerUserID: str(),
  remark: str(),
  createTime: about(int64(), SINCE),
  friendUser: maybe(UserInfo),
  addSource: about(int32(), '1 import, 2 request'),
  operatorUserID: str(),
  ex: str(),
  isPinned: bool(),
})

const BlackInfo = named('BlackInfo', {
  ownerUserID: str(),
  createTime: about(int64(), SINCE),
  blackUserInfo: maybe(PublicUserInfo),
  addSource: int32(),
  operatorUserID: str(),
  ex: str(),
})

const FriendRequest = named('FriendRequest', {
  fromUserID: str(),
  fromNickname: str(),
  fromFaceURL: str(),
  toUserID: str(),
  toNickname: str(),
  toFaceURL: str(),
  handleResult: about(int32(), '0 pending, 1 agreed, -1 refused'),
  reqMsg: str(),
  createTime: ms(),
  handlerUserID: str(),
  handleMsg: str(),
  handleTime: ms(),
  ex: str(),
})

const SpecifiedFriendInfo = named('SpecifiedFriendInfo', {
  userInfo: maybe(UserInfo),
  friendInfo: maybe(FriendInfo),
  blackInfo: maybe(BlackInfo),
})

const version = { version: uint64(), versionID: str() }

export const friendCalls = {
  '/friend/add_friend': does('Asks somebody to become friends.'),
  '/friend/add_friend_response': does('Agrees to a friend request (1) or refuses it (-1).'),
  '/friend/get_friend_apply_list': answers('A page of the friend requests that a user got.', {
    FriendRequests: list(FriendRequest),
    total: int32(),
  }),
  '/friend/get_self_friend_apply_list': answers('A page of the friend requests that a user made.', {
    friendRequests: list(FriendRequest),
    total: int32(),
  }),
  '/friend/get_designated_friend_apply': answers('The friend requests from one user to another.', {
    friendRequests: list(FriendRequest),
  }),
  '/friend/get_self_unhandled_apply_count': answers('How many friend requests wait for an answer.', { count: int64() }),

  '/friend/import_friend': does('Makes users friends without asking them.'),
  '/friend/delete_friend': does('Removes a friend from the list of one side.'),
  '/friend/set_friend_remark': does('What the owner calls a friend.'),
  '/friend/update_friends': does('Changes remark, ex or pinning of friends; null or absent leaves a field as it is.'),

  '/friend/get_friend_list': answers('A page of the friends of a user.', {
    friendsInfo: list(FriendInfo),
    total: int32(),
  }),
  '/friend/get_designated_friends': answers('Those of the given users who are friends.', {
    friendsInfo: list(FriendInfo),
  }),
  '/friend/get_friend_id': answers('The userIDs of all friends.', { friendIDs: list(str()) }),
  '/friend/get_specified_friends_info': answers('What given users are to the owner: friend, blocked, or neither.', {
    infos: list(SpecifiedFriendInfo),
  }),
  '/friend/is_friend': answers('Who of two users has the other as a friend.', {
    inUser1Friends: bool(),
    inUser2Friends: bool(),
  }),
  '/friend/get_incremental_friends': answers('What changed in the list of friends since a version.', {
    ...version,
    full: bool(),
    delete: list(str()),
    insert: list(FriendInfo),
    update: list(FriendInfo),
    sortVersion: uint64(),
  }),
  '/friend/get_full_friend_user_ids': answers('All friends in order, unless the hash says that they are known.', {
    ...version,
    equal: bool(),
    userIDs: list(str()),
  }),

  '/friend/add_black': does('Blocks a user.'),
  '/friend/remove_black': does('Unblocks a user.'),
  '/friend/get_black_list': answers('A page of the users whom somebody blocked.', {
    blacks: list(BlackInfo),
    total: int32(),
  }),
  '/friend/get_specified_blacks': answers('Those of the given users who are blocked.', {
    blacks: list(BlackInfo),
    total: int32(),
  }),
  '/friend/get_incremental_blacks': answers('What changed in the list of blocked users since a version.', {
    ...version,
    full: bool(),
    delete: list(str()),
    insert: list(BlackInfo),
    update: list(BlackInfo),
  }),
} satisfies Calls
