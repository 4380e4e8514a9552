import { describe, expect, it } from 'vitest'
import { ERRORS, ImError } from '../../src/protocol/errors.ts'
import { errorReply, okReply } from '../../src/protocol/reply.ts'

describe('the table of errors', () => {
  it('has each pair of code and name of OpenIM once', () => {
    const rows = Object.values(ERRORS).map(({ code, msg }) => `${code} ${msg}`)
    expect(new Set(rows).size).toBe(rows.length)
    expect(rows).toHaveLength(97)
  })

  it('has the errors of the server under their names on the wire', () => {
    for (const [key, { msg }] of Object.entries(ERRORS)) if (!key.startsWith('Sdk')) expect(msg).toBe(key)
  })

  it('has a different code for each error of the server', () => {
    const codes = Object.entries(ERRORS).flatMap(([key, { code }]) => (key.startsWith('Sdk') ? [] : [code]))
    expect(new Set(codes).size).toBe(codes.length)
  })
})

describe('an ImError', () => {
  it('has the code and the name of its entry, and the given detail', () => {
    const error = ImError.of('BlockedByPeer', 'bob has blocked alice')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ code: 1302, errMsg: 'BlockedByPeer', errDlt: 'bob has blocked alice' })
    expect(error.message).toBe('1302 BlockedByPeer: bob has blocked alice')
  })

  it.each([
    [ImError.tooManyRequests, 429],
    [ImError.internal, 500],
    [ImError.args, 1001],
    [ImError.noPermission, 1002],
    [ImError.notFound, 1004],
    [ImError.userNotFound, 1101],
    [ImError.registeredAlready, 1102],
    [ImError.groupNotFound, 1201],
    [ImError.groupIDExists, 1202],
    [ImError.notInGroup, 1203],
    [ImError.groupDismissed, 1204],
    [ImError.groupRequestHandled, 1206],
    [ImError.cannotAddYourself, 1301],
    [ImError.blockedByPeer, 1302],
    [ImError.notPeersFriend, 1303],
    [ImError.alreadyFriends, 1304],
    [ImError.friendRequestHandled, 1305],
    [ImError.mutedInGroup, 1402],
    [ImError.mutedGroup, 1403],
    [ImError.alreadyRevoked, 1404],
    [ImError.tokenExpired, 1501],
    [ImError.tokenInvalid, 1502],
    [ImError.tokenMalformed, 1503],
    [ImError.tokenNotValidYet, 1504],
    [ImError.tokenUnknown, 1505],
    [ImError.tokenKicked, 1506],
    [ImError.tokenNotExist, 1507],
    [ImError.tooManyConnections, 1601],
    [ImError.connArgs, 1602],
    [ImError.webhookUnreachable, 90004],
    [ImError.badData, 90007],
  ])('has the shortcut %o', (shortcut, code) => {
    expect(shortcut('why')).toMatchObject({ code, errDlt: 'why' })
  })

  it('carries the code and the name of a webhook’s refusal', () => {
    expect(new ImError(20013, 'RefuseFriend', 'no')).toMatchObject({ code: 20013, errMsg: 'RefuseFriend' })
  })
})

describe('a reply', () => {
  it('has data only when data is given', () => {
    expect(JSON.stringify(okReply())).toBe('{"errCode":0,"errMsg":"","errDlt":""}')
    expect(JSON.stringify(okReply(null))).toBe('{"errCode":0,"errMsg":"","errDlt":"","data":null}')
    expect(okReply({ a: 1 }).data).toEqual({ a: 1 })
  })

  it('has the code, the name and the detail of an error', () => {
    expect(errorReply(ImError.args('groupID is missing'))).toEqual({
      errCode: 1001,
      errMsg: 'ArgsError',
      errDlt: 'groupID is missing',
    })
  })
})
