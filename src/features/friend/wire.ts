import type { BlackInfo, FriendInfo } from './schema.ts'
import type { BlackWithUser, FriendWithUser } from './store.ts'

/** Lists and deltas give times in seconds, everything else in ms. */
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
