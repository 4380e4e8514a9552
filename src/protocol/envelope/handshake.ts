import { Buffer } from 'node:buffer'
import { isPlatformID, type PlatformID } from '../constants/platform.ts'
import { ImError } from '../errors.ts'
import type { Compression, SdkType } from './index.ts'

/** What a client says of itself when it connects. */
export interface Handshake {
  token: string
  userID: string
  platformID: PlatformID
  operationID: string
  /** OpenIM: must be there and be a boolean, then means nothing: every connection starts in the foreground. */
  isBackground: boolean
  compression: Compression
  sdkType: SdkType
  sdkVersion: string
  /** The client waits for a text frame with the outcome before anything else. */
  isMsgResp: boolean
}

/**
 * Reads the address a client connects to, in either form: query parameters, or one parameter `v` that packs them all.
 * Checks come in OpenIM's order, so that an address with several faults gets the same answer.
 * @throws ImError 1602 for a missing or wrong parameter, 500 for isBackground
 */
export function parseHandshake(url: URL, headers: { get(name: string): string | null }): Handshake {
  const packed = url.searchParams.get('v')
  return checked(packed ? fromPacked(packed) : fromQuery(url.searchParams, headers))
}

/** Parameters with their types, not yet looked at together. */
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
  // OpenIM: the one parameter whose fault has no code of its own.
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

/** Unpacks base64 in the URL alphabet without padding, with a JSON object in it. */
function parseObject(packed: string): Readonly<Record<string, unknown>> {
  // A remainder of one character cannot come from whole bytes.
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
    // Only this value asks for compression; OpenIM takes any other for none.
    compression: claims.compression === 'gzip' ? 'gzip' : 'none',
  }
}

/** Go's strconv.ParseBool; null for anything it refuses. */
function parseBool(text: string): boolean | null {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  return null
}
