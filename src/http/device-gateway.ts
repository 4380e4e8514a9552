import { configOf } from '../config/index.ts'
import { refuseHandshake, upgradeRequest } from '../contracts/device-handshake.ts'
import type { Bindings } from '../env.ts'
import { createLog } from '../platform/observability/log.ts'
import { annotateTrace } from '../platform/observability/trace.ts'
import { type Handshake, parseHandshake } from '../protocol/envelope/handshake.ts'
import { ImError } from '../protocol/errors.ts'
import { clientIPOf, networkOf } from '../runtime/client-ip.ts'
import { count } from '../runtime/counters.ts'
import { type TokenClaims, verifyToken } from '../runtime/jwt.ts'
import { limitRate } from '../runtime/rate-limit.ts'

/** The paths at which SDKs connect. OpenIM: its gateway accepts any path, its nginx examples use these. */
const GATEWAY_PATHS: ReadonlySet<string> = new Set(['/', '/ws', '/msg_gateway', '/api/ws', '/api/msg_gateway'])

/** The address of a WebSocket upgrade at a gateway path; null for any other request. */
export function gatewayAddressOf(request: Request): URL | null {
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return null
  const address = new URL(request.url)
  return GATEWAY_PATHS.has(address.pathname) ? address : null
}

const COUNTER = 'openim_connections_total'

/**
 * Connects a device. The Worker checks the arguments and the token's signature, so that a bad request never wakes an
 * object. The user's object then decides whether the token is still in force.
 */
export async function openGateway(request: Request, address: URL, env: Bindings): Promise<Response> {
  let handshake: Handshake
  try {
    handshake = parseHandshake(address, request.headers)
  } catch (error) {
    // The arguments could not be parsed, so it is unknown whether the client asked for errors as a frame.
    if (!(error instanceof ImError)) throw error
    count(COUNTER, { outcome: 'refused' })
    return refuseHandshake(error, false)
  }
  const { userID, platformID, operationID, isMsgResp } = handshake
  annotateTrace({ operationID })
  const { secrets, rateLimits, logLevel } = configOf(env)
  try {
    if (rateLimits) await limitRate(env.RATE_LIMIT_CONNECT, networkOf(clientIPOf(request)), 'one address')
    const claims = await verifyToken(handshake.token, secrets, Date.now())
    requireMatch(claims, handshake)
    if (rateLimits) await limitRate(env.RATE_LIMIT_USER, userID, 'one user')
    const { sdkType, sdkVersion, compression } = handshake
    const response = await env.USER.getByName(userID).fetch(
      upgradeRequest({
        userID,
        platformID,
        tokenKey: claims.key,
        token: handshake.token,
        operationID,
        sdkType,
        sdkVersion,
        compression,
        isMsgResp,
      }),
    )
    count(COUNTER, { outcome: 'admitted' })
    return response
  } catch (error) {
    count(COUNTER, { outcome: error instanceof ImError ? 'refused' : 'failed' })
    if (error instanceof ImError) return refuseHandshake(error, isMsgResp)
    createLog(logLevel, { operationID, userID }).error('device connection failed', error)
    return refuseHandshake(ImError.internal('the connection could not be opened; try again'), isMsgResp)
  }
}

function requireMatch(claims: TokenClaims, handshake: Handshake): void {
  if (claims.userID !== handshake.userID) throw ImError.tokenInvalid('the token belongs to another user')
  if (claims.platformID !== handshake.platformID) throw ImError.tokenInvalid('the token is for another platform')
}
