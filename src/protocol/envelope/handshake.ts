import { Buffer } from 'node:buffer'
import { isPlatformID, type PlatformID } from '../constants/platform.ts'
import { ImError } from '../errors.ts'
import type { Compression, SdkType } from './index.ts'

/** The parameters with which a client connects. */
export interface Handshake {
  token: string
  userID: string
  platformID: PlatformID
  operationID: string
  /** OpenIM: must be a boolean, but is ignored: every connection starts in the foreground. */
  isBackground: boolean
  compression: Compression
  sdkType: SdkType
  sdkVersion: string
  /** Whether the client expects a text frame with the outcome as the first frame. */
  isMsgResp: boolean
}

/**
 * Reads the address that a client connects to, in either form: query parameters, or one parameter `v` with all of them.
 * The checks have OpenIM's order, so that an address with several errors gets the same answer.
 * @throws ImError 1602 for a missing or wrong parameter, 500 for isBackground
 */
export function parseHandshake(url: URL, headers: { get(name: string): string | null }): Handshake {
  const packed = url.searchParams.get('v')
  return checked(packed ? fromPacked(packed) : fromQuery(url.searchParams, headers))
}

/** Parameters with their types, before the checks. */
interface Claims {
  token: string
  userID: string
  platformID: number
  operationID: string
  isBackground: boolean
  compression: string
  sdkType: string
  sdkVersion: string
  isMsgResp: boolean
}

function fromQuery(query: URLSearchParams, headers: { get(name: string): string | null }): Claims {
  const text = (name: string) => query.get(name) ?? ''
  if (!/^[+-]?\d+$/.test(text('platformID'))) throw ImError.connArgs('platformID is not an integer')
  const isMsgResp = text('isMsgResp') === '' ? false : parseBool(text('isMsgResp'))
  if (isMsgResp === null) throw ImError.connArgs('isMsgResp is not a boolean')
  const isBackground = parseBool(text('isBackground'))
  // OpenIM: an error in this parameter has no code of its own.
  if (isBackground === null) throw ImError.internal('isBackground is missing or not a boolean')
  return {
    token: text('token'),
    userID: text('sendID'),
    platformID: Number(text('platformID')),
    operationID: text('operationID'),
    isBackground,
    compression: text('compression') || (headers.get('compression') ?? ''),
    sdkType: text('sdkType'),
    sdkVersion: text('sdkVersion'),
    isMsgResp,
  }
}

function fromPacked(packed: string): Claims {
  const json = parseObject(packed)
  const read = <T extends string | boolean | number>(name: string, zero: T): T => {
    const value = json[name] ?? zero
    if (typeof value !== typeof zero) throw ImError.connArgs(`${name} in v is not a ${typeof zero}`)
    return value as T
  }
  return {
    token: read('token', ''),
    userID: read('userID', ''),
    platformID: read<number>('platformID', 0),
    operationID: read('operationID', ''),
    isBackground: read<boolean>('background', false),
    compression: read('compression', ''),
    sdkType: read('sdkType', ''),
    sdkVersion: read('sdkVersion', ''),
    isMsgResp: read<boolean>('sendResponse', false),
  }
}

/** Parses a JSON object in unpadded URL-safe base64. */
function parseObject(packed: string): Readonly<Record<string, unknown>> {
  // No number of whole bytes encodes to a length with remainder 1.
  if (!/^[\w-]*$/.test(packed) || packed.length % 4 === 1) throw ImError.connArgs('v is not unpadded URL-safe base64')
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(packed, 'base64url').toString())
  } catch {
    throw ImError.connArgs('v does not hold JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw ImError.connArgs('v does not hold a JSON object')
  }
  return parsed as Record<string, unknown>
}

function checked(claims: Claims): Handshake {
  const { token, userID, platformID, operationID, sdkType } = claims
  if (operationID === '') throw ImError.connArgs('operationID is missing')
  if (token === '') throw ImError.connArgs('token is missing')
  if (userID === '') throw ImError.connArgs('sendID is missing')
  if (!isPlatformID(platformID)) throw ImError.connArgs(`platformID ${platformID} is not a platform`)
  if (sdkType !== '' && sdkType !== 'go' && sdkType !== 'js') throw ImError.connArgs('sdkType is neither go nor js')
  return {
    ...claims,
    platformID,
    sdkType: sdkType === '' ? 'go' : sdkType,
    // OpenIM: any other value means no compression.
    compression: claims.compression === 'gzip' ? 'gzip' : 'none',
  }
}

/** Parses like Go's strconv.ParseBool; null for a text that Go rejects. */
function parseBool(text: string): boolean | null {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  return null
}
