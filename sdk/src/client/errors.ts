import type { ClientError } from './types.ts'

/** OpenIM's codes for tokens that a new token may replace. */
const REPLACEABLE_TOKEN = new Set([1501, 1502, 1503, 1504, 1505, 1507])

/** OpenIM's code for a token that another login displaced. */
const KICKED = 1506

/** Codes after which the same call can succeed: too many requests, and errors inside the service. */
const RETRYABLE = new Set([429, 500, 90004])

export class ClientFailure extends Error implements ClientError {
  override readonly name = 'ClientError'
  readonly reason: ClientError['reason']
  readonly errCode: number
  readonly isRetryable: boolean

  constructor(reason: ClientError['reason'], message: string, errCode = 0, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
    this.errCode = errCode
    this.isRetryable = reason === 'network' || reason === 'timeout' || (reason === 'server' && RETRYABLE.has(errCode))
  }
}

/** The error for an answer of the server with an errCode. */
export function refusal(call: string, errCode: number, errMsg: string, errDlt = ''): ClientFailure {
  const reason = isTokenCode(errCode) ? 'token' : 'server'
  const detail = errDlt && errDlt !== errMsg ? `: ${errDlt}` : ''
  return new ClientFailure(reason, `${call} was refused: ${errCode} ${errMsg}${detail}`, errCode)
}

function isTokenCode(errCode: number): boolean {
  return errCode === KICKED || REPLACEABLE_TOKEN.has(errCode)
}

export function isKickedCode(errCode: number): boolean {
  return errCode === KICKED
}

/** Any thrown value as a ClientError; an unknown one counts as a failure of the network. */
export function failureFrom(error: unknown, doing: string): ClientFailure {
  if (error instanceof ClientFailure) return error
  const reason = error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network'
  const message = error instanceof Error ? error.message : String(error)
  return new ClientFailure(reason, `${doing} failed: ${message}`, 0, { cause: error })
}
