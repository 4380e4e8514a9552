import type { ImError } from './errors.ts'

/** What every REST call answers, and the first text frame of a socket: OpenIM's envelope of a result. */
export interface Reply {
  errCode: number
  errMsg: string
  errDlt: string
  /** Absent on errors and where the call has nothing to answer. */
  data?: unknown
}

/** @param data left out of the reply when undefined; null is an answer */
export function okReply(data?: unknown): Reply {
  const reply: Reply = { errCode: 0, errMsg: '', errDlt: '' }
  if (data !== undefined) reply.data = data
  return reply
}

export function errorReply(error: ImError): Reply {
  return { errCode: error.code, errMsg: error.errMsg, errDlt: error.errDlt }
}
