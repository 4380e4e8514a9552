import { about, answers, bool, type Calls, does, int32, int64, list, maybe, ms, named, str, uint64 } from './shape.ts'
import { PublicUserInfo, UserInfo } from './user.ts'

const SINCE = 'seconds since 1970; milliseconds in /friend/get_specified_friends_info and /friend/get_specified_blacks'

const FriendInfo = named('FriendInfo', {
  ownerUserID: str(),
  remark: str(),
  createTime: about(int64(), SINCE),
  friendUser: maybe(UserInfo),
  addSource: int32(),
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

export const FriendRequest = named('FriendRequest', {
  fromUserID: str(),
  fromNickname: str(),
  fromFaceURL: str(),
  toUserID: str(),
  toNickname: str(),
  toFaceURL: str(),
  handleResult: int32(),
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
  '/friend/add_friend': does('Sends a friend request to a user.'),
  '/friend/add_friend_response': does('Accepts a friend request (1) or refuses it (-1).'),
  '/friend/get_friend_apply_list': answers('Lists one page of the friend requests that a user received.', {
    FriendRequests: list(FriendRequest),
    total: int32(),
  }),
  '/friend/get_self_friend_apply_list': answers('Lists one page of the friend requests that a user sent.', {
    friendRequests: list(FriendRequest),
    total: int32(),
  }),
  '/friend/get_designated_friend_apply': answers('Lists the friend requests from one user to another.', {
    friendRequests: list(FriendRequest),
  }),
  '/friend/get_self_unhandled_apply_count': answers('Counts the friend requests that a user has not answered.', {
    count: int64(),
  }),

  '/friend/import_friend': does('Makes users friends without a friend request.'),
  '/friend/delete_friend': does("Removes a friend from the owner's list; the other user's list keeps the owner."),
  '/friend/set_friend_remark': does("Sets the owner's remark for a friend."),
  '/friend/update_friends': does(
    'Changes the remark, `ex` or pinning of friends; a null or absent field stays unchanged.',
  ),

  '/friend/get_friend_list': answers("Lists one page of a user's friends.", {
    friendsInfo: list(FriendInfo),
    total: int32(),
  }),
  '/friend/get_designated_friends': answers('Lists the given users that are friends of the owner.', {
    friendsInfo: list(FriendInfo),
  }),
  '/friend/get_friend_id': answers('Lists the userIDs of all friends.', { friendIDs: list(str()) }),
  '/friend/get_specified_friends_info': answers(
    'Returns the relation of given users to the owner: friend, blocked, or neither.',
    {
      infos: list(SpecifiedFriendInfo),
    },
  ),
  '/friend/is_friend': answers('Returns for each of two users whether the other one is in their list of friends.', {
    inUser1Friends: bool(),
    inUser2Friends: bool(),
  }),
  '/friend/get_incremental_friends': answers("Lists the changes of a user's list of friends since a version.", {
    ...version,
    full: bool(),
    delete: list(str()),
    insert: list(FriendInfo),
    update: list(FriendInfo),
    sortVersion: uint64(),
  }),
  '/friend/get_full_friend_user_ids': answers(
    'Lists the userIDs of all friends in order, unless the hash shows that the client has them.',
    {
      ...version,
      equal: bool(),
      userIDs: list(str()),
    },
  ),

  '/friend/add_black': does('Blocks a user.'),
  '/friend/remove_black': does('Unblocks a user.'),
  '/friend/get_black_list': answers('Lists one page of the users that a user has blocked.', {
    blacks: list(BlackInfo),
    total: int32(),
  }),
  '/friend/get_specified_blacks': answers('Lists the given users that the owner has blocked.', {
    blacks: list(BlackInfo),
    total: int32(),
  }),
  '/friend/get_incremental_blacks': answers("Lists the changes of a user's list of blocked users since a version.", {
    ...version,
    full: bool(),
    delete: list(str()),
    insert: list(BlackInfo),
    update: list(BlackInfo),
  }),
} satisfies Calls
