/** A client's request in its envelope. The token is ignored here, because the handshake has checked it. */
export interface WsRequest {
  reqIdentifier: number
  token: string
  sendID: string
  operationID: string
  /** The client's ID of the request, by which it finds the reply. */
  msgIncr: string
  /** The request in protobuf. May be a view into the frame. */
  data: Uint8Array
}

/** A reply (with the request's `msgIncr`) or a push (with an empty one). */
export interface WsResponse {
  reqIdentifier: number
  msgIncr: string
  operationID: string
  errCode: number
  errMsg: string
  data: Uint8Array
}

/** A frame that is not an envelope, so that it cannot be answered. The message says what is wrong with the frame. */
export class FrameError extends Error {
  override readonly name: string = 'FrameError'
}

/** A frame above a limit, as it arrives or inflated. */
export class FrameTooLarge extends FrameError {
  override readonly name = 'FrameTooLarge'
}

export const INT32_MIN = -(2 ** 31)
export const INT32_MAX = 2 ** 31 - 1
