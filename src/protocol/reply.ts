import type { ImError } from './errors.ts'

/** OpenIM's envelope of a result: the answer of every REST call, and the first text frame of a socket. */
export interface Reply {
  errCode: number
  errMsg: string
  errDlt: string
  /** Absent on errors, and when the call answers no data. */
  data?: unknown
}

/** @param data left out of the reply when undefined; null stays in the reply */
export function okReply(data?: unknown): Reply {
  const reply: Reply = { errCode: 0, errMsg: '', errDlt: '' }
  if (data !== undefined) reply.data = data
  return reply
}

export function errorReply(error: ImError): Reply {
  return { errCode: error.code, errMsg: error.errMsg, errDlt: error.errDlt }
}
