import { beforeAll, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { encodeGobRequest } from '../../../src/protocol/envelope/gob.ts'
import { gzip } from '../../../src/protocol/envelope/gzip.ts'
import { GetMaxSeqReq, SubUserOnlineStatus } from '../../../src/protocol/proto/index.ts'
import { Device, register, type SdkKind, textMessage, user } from '../../rigs/rig.ts'

const KINDS: SdkKind[] = ['js', 'go']
const bytes = (text: string) => new TextEncoder().encode(text)

const gobFrame = (userID: string, given: { sendID?: string; reqIdentifier?: number } = {}) =>
  encodeGobRequest({
    reqIdentifier: given.reqIdentifier ?? WsRequestID.GetNewestSeq,
    token: '',
    sendID: given.sendID ?? userID,
    operationID: 'op',
    msgIncr: '1',
    data: GetMaxSeqReq.encode({ userID }).finish(),
  })

const jsonFrame = (given: object) =>
  bytes(JSON.stringify({ reqIdentifier: 1001, sendID: 'x', operationID: 'op', msgIncr: '1', data: '', ...given }))

/** Frames that no SDK sends, each with its fault. */
const BAD: Record<SdkKind, [string, (userID: string) => string | Uint8Array][]> = {
  go: [
    ['not zipped', (userID) => gobFrame(userID)],
    ['cut in the zip', (userID) => gzip(gobFrame(userID)).subarray(0, 40)],
    ['cut in the gob', (userID) => gzip(gobFrame(userID).subarray(0, 60))],
    ['not gob', () => gzip(bytes('hello, this is not gob at all'))],
    ['of another user', () => gzip(gobFrame('somebody'))],
    ['an unknown request', (userID) => gzip(gobFrame(userID, { reqIdentifier: 4711 }))],
    ['larger than allowed', () => new Uint8Array(51_201)],
    ['a zip bomb', () => gzip(new Uint8Array(20_000_000))],
    ['text', () => 'hello'],
    ['text larger than allowed', () => 'x'.repeat(51_201)],
    ['empty', () => new Uint8Array()],
  ],
  js: [
    ['not JSON', () => bytes('{"reqIdentifier":')],
    ['JSON of another shape', () => bytes('[1,2,3]')],
    ['a number as text', (userID) => jsonFrame({ sendID: userID, reqIdentifier: '1001' })],
    ['data that is not base64', (userID) => jsonFrame({ sendID: userID, data: '***' })],
    ['not UTF-8', () => new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ['of another user', () => jsonFrame({ sendID: 'somebody' })],
    ['an unknown request', (userID) => jsonFrame({ sendID: userID, reqIdentifier: 4711 })],
    ['larger than allowed', () => new Uint8Array(51_201)],
    ['text', () => '{"hello":1}'],
    ['text larger than allowed', () => `{"type":"ping","body":"${'x'.repeat(51_200)}"}`],
    ['empty', () => new Uint8Array()],
  ],
}

/** The faults that close a connection with the code for a frame above the limit. */
const TOO_LARGE: ReadonlySet<string> = new Set(['larger than allowed', 'a zip bomb', 'text larger than allowed'])

describe.each(KINDS)('a frame on a %s socket', (kind) => {
  const [mallory, neighbour] = [`mallory_${kind}`, `neighbour_${kind}`]
  let bystander: Device

  beforeAll(async () => {
    await register(mallory, neighbour)
    bystander = await Device.connect(neighbour, { kind })
  })

  it.each(BAD[kind])(
    'closes its own connection with a reason, and no other connection, when the frame is %s',
    async (fault, frame) => {
      const device = await Device.connect(mallory, { kind })
      device.sendRaw(frame(mallory))
      const { code, reason } = await device.closed
      expect(code).toBe(TOO_LARGE.has(fault) ? 1009 : 1008)
      expect(reason).toMatch(/^1001 .{10,}/)
      expect(reason).not.toMatch(/ at |\.ts|Error:/)
      const answer = await bystander.request(
        WsRequestID.GetNewestSeq,
        GetMaxSeqReq.encode({ userID: neighbour }).finish(),
      )
      expect(answer.errCode).toBe(0)
    },
  )

  const message = (given: Parameters<typeof textMessage>[4]) => textMessage(mallory, neighbour, 'bad-1', 'x', given)

  it.each([
    ['is not protobuf', new Uint8Array([0xff, 0xff, 0xff]), 1001],
    ['has no receiver', textMessage(mallory, '', 'bad-1', 'x'), 1001],
    ['has no clientMsgID', textMessage(mallory, neighbour, '', 'x'), 1001],
    ['has no content', message({ content: new Uint8Array() }), 1001],
    ['has an unknown session type', message({ sessionType: 9 }), 1001],
    ['has no content type', message({ contentType: 0 }), 1001],
    ['claims to be a notification', message({ options: { isNotNotification: false } }), 1001],
    ['has a content type of the service', message({ contentType: 2101 }), 1001],
    ["has another user's sendID", textMessage(neighbour, mallory, 'bad-1', 'x'), 1002],
    ['has a clientMsgID that is too long', textMessage(mallory, neighbour, 'x'.repeat(65), 'x'), 1001],
    ['has a nickname that is too long', message({ senderNickname: 'x'.repeat(256) }), 1001],
    ['has a face URL that is too long', message({ senderFaceURL: 'x'.repeat(2_049) }), 1001],
    ['has a recvID that is too long', textMessage(mallory, 'x'.repeat(129), 'bad-1', 'x'), 1001],
    ['mentions a userID that is too long', message({ atUserIDList: ['x'.repeat(129)] }), 1001],
    ['goes to an unknown user', textMessage(mallory, 'nobody', 'bad-1', 'x'), 1004],
    ['goes to an unknown group', message({ sessionType: 3, groupID: '42', recvID: '' }), 1201],
  ])('is answered with an error on an open connection when its message %s', async (_fault, data, code) => {
    const device = await Device.connect(mallory, { kind })
    const answer = await device.request(WsRequestID.SendMsg, data)
    expect(answer.errCode).toBe(code)
    expect(answer.errMsg).toMatch(/: .{10,}/)
    expect(
      (await device.request(WsRequestID.GetNewestSeq, GetMaxSeqReq.encode({ userID: mallory }).finish())).errCode,
    ).toBe(0)
  })

  it("is refused when the frame asks for another user's seqs", async () => {
    const device = await Device.connect(mallory, { kind })
    const data = GetMaxSeqReq.encode({ userID: neighbour }).finish()
    expect((await device.request(WsRequestID.GetNewestSeq, data)).errCode).toBe(1002)
  })
})

describe('an ID of more than 128 characters', () => {
  const long = 'x'.repeat(2_000)

  it('is refused as the receiver of a message, and creates no conversation', async () => {
    await register('verbose')
    const device = await Device.connect('verbose')
    for (const to of [{ recvID: long }, { sessionType: 3, groupID: long }]) {
      const reply = await device.request(WsRequestID.SendMsg, textMessage('verbose', 'bob', 'long', 'hello', to))
      expect(reply).toMatchObject({ errCode: 1001, errMsg: expect.stringContaining('at most 128 characters') })
    }
    expect(await user('verbose').conversationHomes()).toEqual([])
  })

  it('is refused in a presence subscription, together with the other IDs of the request', async () => {
    await register('curious')
    const device = await Device.connect('curious')
    const subscribe = (...subscribeUserID: string[]) =>
      device.request(
        WsRequestID.SubUserOnlineStatus,
        SubUserOnlineStatus.encode({ subscribeUserID, unsubscribeUserID: [] }).finish(),
      )
    expect(await subscribe('verbose', long)).toMatchObject({ errCode: 1001 })
    expect(await user('curious').subscribePresence(5, [], [])).toEqual([])
    expect(await subscribe('verbose')).toMatchObject({ errCode: 0 })
  })
})
