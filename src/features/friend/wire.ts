import type { BlackInfo, FriendInfo, FriendRequestInfo, SpecifiedFriendInfo } from './schema.ts'
import type { BlackWithUser } from './store/blacks.ts'
import type { FriendWithUser } from './store/friends.ts'
import type { FriendRequestWithUsers } from './store/requests.ts'
import type { BlackRow, FriendRow } from './tables.ts'

/** Lists and deltas show times in seconds, all other replies in ms. */
const seconds = (ms: number) => Math.floor(ms / 1000)

export function friendInfo({ friend, user }: FriendWithUser): FriendInfo {
  return {
    ownerUserID: friend.ownerUserID,
    remark: friend.remark,
    createTime: seconds(friend.createTime),
    friendUser: {
      userID: user.userID,
      nickname: user.nickname,
      faceURL: user.faceURL,
      ex: user.ex,
      createTime: 0,
      appMangerLevel: 0,
      globalRecvMsgOpt: 0,
    },
    addSource: friend.addSource,
    operatorUserID: friend.operatorUserID,
    ex: friend.ex,
    isPinned: friend.isPinned,
  }
}

export function blackInfo({ black, user }: BlackWithUser): BlackInfo {
  return {
    ownerUserID: black.ownerUserID,
    createTime: seconds(black.createTime),
    blackUserInfo: { userID: user.userID, nickname: user.nickname, faceURL: user.faceURL, ex: user.ex },
    addSource: black.addSource,
    operatorUserID: black.operatorUserID,
    ex: black.ex,
  }
}

export function specifiedFriend({ friendUserID: _, ...row }: FriendRow): SpecifiedFriendInfo['friendInfo'] {
  return { ...row, friendUser: null }
}

export function specifiedBlack({ blackUserID: _, ...row }: BlackRow): SpecifiedFriendInfo['blackInfo'] {
  return { ...row, blackUserInfo: null }
}

export function friendRequestInfo({ request, from, to }: FriendRequestWithUsers): FriendRequestInfo {
  return {
    ...request,
    fromNickname: from.nickname,
    fromFaceURL: from.faceURL,
    toNickname: to.nickname,
    toFaceURL: to.faceURL,
  }
}
