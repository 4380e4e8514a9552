/** What a client asks for, as the envelope carries it. Tokens are checked at the handshake; here they mean nothing. */
export interface WsRequest {
  reqIdentifier: number
  token: string
  sendID: string
  operationID: string
  /** The client's mark for matching the reply. */
  msgIncr: string
  /** Protobuf of the request. May be a view into the frame. */
  data: Uint8Array
}

/** A reply (with the request's msgIncr) or a push (with none). */
export interface WsResponse {
  reqIdentifier: number
  msgIncr: string
  operationID: string
  errCode: number
  errMsg: string
  data: Uint8Array
}

/** A frame that is no envelope. There is nothing to answer to; the message says what is wrong with the frame. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

export const INT32_MIN = -(2 ** 31)
export const INT32_MAX = 2 ** 31 - 1
