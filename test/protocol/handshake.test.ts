import { describe, expect, it } from 'vitest'
import { parseHandshake } from '../../src/protocol/envelope/handshake.ts'
import { ImError } from '../../src/protocol/errors.ts'

const noHeaders = new Headers()

function handshake(query: string, headers = noHeaders) {
  return parseHandshake(new URL(`wss://im.example/msg_gateway?${query}`), headers)
}

/** The query of an address with some parameters changed, or left out when null. */
function address(changes: Record<string, string | null> = {}): string {
  const query = new URLSearchParams()
  const sound = { sendID: 'alice', token: 'j.w.t', platformID: '5', operationID: 'op1', isBackground: 'false' }
  for (const [key, value] of Object.entries({ ...sound, ...changes })) if (value !== null) query.set(key, value)
  return query.toString()
}

function packed(fields: unknown): string {
  return `v=${btoa(JSON.stringify(fields)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

function refusal(query: string): ImError {
  try {
    handshake(query)
  } catch (error) {
    if (error instanceof ImError) return error
    throw error
  }
  throw new Error(`not refused: ${query}`)
}

const alice = {
  token: 'j.w.t',
  userID: 'alice',
  platformID: 5,
  operationID: 'op1',
  isBackground: false,
  compression: 'none',
  sdkType: 'go',
  sdkVersion: '',
  isMsgResp: false,
}

describe('parseHandshake', () => {
  it('reads the address of a Go core', () => {
    const query =
      'sendID=alice&token=j.w.t&platformID=1&operationID=op1&isBackground=true&sdkVersion=3.8.3&compression=gzip'
    expect(handshake(query)).toEqual({
      ...alice,
      platformID: 1,
      isBackground: true,
      sdkVersion: '3.8.3',
      compression: 'gzip',
    })
  })

  it('reads the address of the wasm client', () => {
    const query =
      'compression=gzip&isBackground=false&isMsgResp=true&operationID=op%201&platformID=5&sendID=%E7%94%A8%E6%88%B7&token=j.w.t'
    expect(handshake(query)).toEqual({
      ...alice,
      userID: '用户',
      operationID: 'op 1',
      compression: 'gzip',
      isMsgResp: true,
    })
  })

  it('reads the address of the JavaScript SDK', () => {
    const query = 'sendID=alice&token=j.w.t&platformID=5&operationID=op1&isBackground=false&isMsgResp=true&sdkType=js'
    expect(handshake(query)).toEqual({ ...alice, sdkType: 'js', isMsgResp: true })
  })

  it('reads the compact form, and then ignores all other parameters', () => {
    const fields = {
      token: 'j.w.t',
      userID: 'alice',
      platformID: 5,
      operationID: 'op1',
      compression: 'gzip',
      sdkType: 'js',
      sendResponse: true,
      background: true,
      sdkVersion: '9',
    }
    expect(handshake(`${packed(fields)}&sendID=mallory&isBackground=x`)).toEqual({
      ...alice,
      compression: 'gzip',
      sdkType: 'js',
      isMsgResp: true,
      isBackground: true,
      sdkVersion: '9',
    })
    const least = { token: 'j.w.t', userID: 'alice', platformID: 5, operationID: 'op1', background: null }
    expect(handshake(packed(least))).toEqual(alice)
  })

  it('reads the compression from a header when the address has no compression', () => {
    const headers = new Headers({ compression: 'gzip' })
    expect(handshake(address(), headers).compression).toBe('gzip')
    expect(handshake(address({ compression: 'none' }), headers).compression).toBe('none')
  })

  it('reads any other compression as none', () => {
    for (const compression of ['GZIP', 'deflate', 'true', '1']) {
      expect(handshake(address({ compression })).compression).toBe('none')
    }
  })

  it.each([
    ['1', true],
    ['t', true],
    ['T', true],
    ['TRUE', true],
    ['true', true],
    ['True', true],
    ['0', false],
    ['f', false],
    ['F', false],
    ['FALSE', false],
    ['false', false],
    ['False', false],
  ])('reads %s as the boolean %s', (text, value) => {
    expect(handshake(address({ isBackground: text, isMsgResp: text }))).toMatchObject({
      isBackground: value,
      isMsgResp: value,
    })
  })

  it('accepts each of the eleven platforms', () => {
    for (let id = 1; id <= 11; id++) expect(handshake(address({ platformID: String(id) })).platformID).toBe(id)
  })
})

describe('parseHandshake of a wrong address', () => {
  it.each([
    ['without a token', address({ token: null }), 'token is missing'],
    ['with an empty token', address({ token: '' }), 'token is missing'],
    ['without a user', address({ sendID: null }), 'sendID is missing'],
    ['without an operationID', address({ operationID: null }), 'operationID is missing'],
    ['without a platform', address({ platformID: null }), 'platformID is not an integer'],
    ['with a platform name', address({ platformID: 'Web' }), 'platformID is not an integer'],
    ['with a fractional platform', address({ platformID: '5.0' }), 'platformID is not an integer'],
    ['with platform 0', address({ platformID: '0' }), 'platformID 0 is not a platform'],
    ['with platform 12', address({ platformID: '12' }), 'platformID 12 is not a platform'],
    ['with platform -1', address({ platformID: '-1' }), 'platformID -1 is not a platform'],
    ['with another SDK', address({ sdkType: 'rust' }), 'sdkType is neither go nor js'],
    ['with isMsgResp that is not a boolean', address({ isMsgResp: 'yes' }), 'isMsgResp is not a boolean'],
    ['in compact form with padding', 'v=e30%3D', 'v is not unpadded URL-safe base64'],
    ['in compact form with a truncated character', 'v=e30ab', 'v is not unpadded URL-safe base64'],
    ['in compact form without JSON', 'v=aGVsbG8', 'v does not hold JSON'],
    ['in compact form with a list', packed([]), 'v does not hold a JSON object'],
    ['in compact form with null', packed(null), 'v does not hold a JSON object'],
    ['in compact form with an empty object', packed({}), 'operationID is missing'],
    ['in compact form with a wrong type', packed({ platformID: '5' }), 'platformID in v is not a number'],
    [
      'in compact form with a fractional platform',
      packed({ ...alice, platformID: 5.5 }),
      'platformID 5.5 is not a platform',
    ],
  ])('refuses an address %s with error 1602', (_what, query, detail) => {
    expect(refusal(query)).toMatchObject({ code: 1602, errMsg: 'ConnArgsErr', errDlt: detail })
  })

  it.each([
    ['absent', address({ isBackground: null })],
    ['empty', address({ isBackground: '' })],
    ['not a boolean', address({ isBackground: 'yes' })],
  ])('refuses the address with error 500 when isBackground is %s', (_what, query) => {
    expect(refusal(query)).toMatchObject({ code: 500, errMsg: 'ServerInternalError' })
  })

  it('reports the same error as OpenIM when an address has several errors', () => {
    expect(refusal('').errDlt).toBe('platformID is not an integer')
    expect(refusal('platformID=5').code).toBe(500)
    expect(refusal('platformID=5&isMsgResp=x').errDlt).toBe('isMsgResp is not a boolean')
    expect(refusal('platformID=99&isBackground=1').errDlt).toBe('operationID is missing')
  })
})
