/** The kind of an envelope: `reqIdentifier` of requests, replies and pushes on the socket. */
export const WsRequestID = {
  GetNewestSeq: 1001,
  PullMsgByRange: 1002,
  SendMsg: 1003,
  SendSignalMsg: 1004,
  PullMsgBySeqList: 1005,
  GetConvMaxReadSeq: 1006,
  PullConvLastMessage: 1007,
  /** Server to client only. */
  PushMsg: 2001,
  /** Server to client only: the last frame before the socket is closed. */
  KickOnlineMsg: 2002,
  LogoutMsg: 2003,
  SetBackgroundStatus: 2004,
  /** Both ways: the reply to a subscription and every later change of presence. */
  SubUserOnlineStatus: 2005,
} as const

export type WsRequestID = (typeof WsRequestID)[keyof typeof WsRequestID]
