import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeGobRequest } from '../../src/protocol/envelope/gob.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetLastMessageReq,
  GetMaxSeqReq,
  GetSeqMessageReq,
  type MsgData,
  PullMessageBySeqsReq,
} from '../../src/protocol/proto/index.ts'
import { chatIDOf } from './rig/client.ts'
import {
  type Close,
  type Dialect,
  type Handshake,
  type RawClient,
  type RawOptions,
  REQ,
  textOf,
} from './rig/raw-client.ts'
import { fresh, PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'
import { sleep } from './rig/server.ts'
import { forgedToken } from './rig/tokens.ts'

const scene = useScene()

const MAX_FRAME_BYTES = 51_200
/** workerd keeps a connection this long after both sides have ended it, unless the server closes it. */
const WORKERD_LINGERS_MS = 10_000
const DROP_TIMEOUT_MS = 60_000

/** Close codes for a bad frame: unsupported data, inconsistent data, policy violation, too big. */
const DROP_CODES = [1003, 1007, 1008, 1009]

const STACK = /^\s+at .+:\d+:\d+\)?$|\.[jt]s:\d+/m

/** These two must be able to chat after every test: a bad client must not disturb them. */
let alice: RawClient
let bob: RawClient
let logStart = 0

beforeEach(async () => {
  const [aliceID, bobID] = await scene.users('alice', 'bob')
  alice = await scene.raw(aliceID)
  bob = await scene.raw(bobID, { dialect: 'gob+gzip' })
  logStart = scene.server.logs.length
})

afterEach(async () => {
  const text = `still here ${randomUUID()}`
  await alice.deliverText(bob.userID, text)
  await bob.received(text)
  expect(scene.server.logs.slice(logStart)).not.toMatch(STACK)
})

describe('a handshake', () => {
  const refusals: [what: string, code: number, change: (userID: string) => Promise<Partial<RawOptions>>][] = [
    ['without a token', 1602, async () => ({ query: { token: null } })],
    ['with an empty token', 1602, async () => ({ query: { token: '' } })],
    ['without a sendID', 1602, async () => ({ query: { sendID: null } })],
    ['without an operationID', 1602, async () => ({ query: { operationID: null } })],
    ['without a platformID', 1602, async () => ({ query: { platformID: null } })],
    ['with a platform that does not exist', 1602, async () => ({ query: { platformID: '99' } })],
    ['with a platform that is no number', 1602, async () => ({ query: { platformID: 'web' } })],
    ['with an sdkType that does not exist', 1602, async () => ({ query: { sdkType: 'rust' } })],
    // OpenIM: a missing isBackground is the one faulty parameter without an error code of its own.
    ['without isBackground', 500, async () => ({ query: { isBackground: null } })],
    ['with a garbled token', 1503, async () => ({ token: 'garbled' })],
    [
      'with a token without its signature',
      1503,
      async (userID) => ({ token: (await valid(userID)).split('.').slice(0, 2).join('.') }),
    ],
    ['with a token that was altered', 1505, async (userID) => ({ token: altered(await valid(userID)) })],
    ['with an expired token', 1501, async (userID) => ({ token: await forged(userID, { expiresInSeconds: -1 }) })],
    [
      'with a token of another service',
      1505,
      async (userID) => ({ token: await forged(userID, { secret: 'foreign' }) }),
    ],
    ['with a token that was never issued', 1507, async (userID) => ({ token: await forged(userID, {}) })],
    ["with another user's token", 1502, async () => ({ token: await valid(alice.userID) })],
    ['with a token for another platform', 1502, async () => ({ platformID: PLATFORM.ios })],
    ['with a token that was logged out', 1506, loggedOut],
  ]

  it.each(refusals)('is refused %s, with code %i and a sentence', async (_what, code, change) => {
    const [carolID] = await scene.users('carol')
    const token = await valid(carolID)
    const options = { token, ...(await change(carolID)) }
    // A browser can read the answer only in a frame; without valid parameters it comes in the body.
    const inFrame = await refused(carolID, options)
    expect(inFrame).toMatchObject({ errCode: code })
    expect(inFrame.upgraded).toBe(code > 1500 && code < 1600)
    // The Go core gets the answer in the body, without an upgrade.
    const inBody = await refused(carolID, { ...options, query: { ...options.query, isMsgResp: 'false' } })
    expect(inBody).toMatchObject({ errCode: code, upgraded: false, httpStatus: 200 })
  })

  async function refused(userID: string, options: Partial<RawOptions>): Promise<Handshake> {
    const carol = await scene.connect(userID, options)
    const handshake = await carol.handshake()
    await drop(carol)
    expect(handshake.errMsg).toMatch(/^\w+$/)
    expect(handshake.errDlt).toMatch(/\w+ \w+/)
    expect(JSON.stringify(handshake)).not.toMatch(STACK)
    return handshake
  }

  async function loggedOut(userID: string): Promise<Partial<RawOptions>> {
    const token = await valid(userID)
    await scene.rest.forceLogout(userID, PLATFORM.web)
    return { token }
  }

  const valid = (userID: string) => scene.token(userID, PLATFORM.web)
  /** The same token with an altered signature. */
  const altered = (token: string) => token.replace(/.{8}$/, (end) => end.split('').reverse().join(''))
  const forged = (userID: string, claims: { expiresInSeconds?: number; secret?: string }) =>
    forgedToken({ userID, platformID: PLATFORM.web, ...claims })
})

describe('a frame', () => {
  const frames: [what: string, dialect: Dialect, frame: (carol: RawClient) => Uint8Array | string][] = [
    ['a text that is no ping', 'json', () => 'hello'],
    ['a text with an envelope', 'json', (carol) => Buffer.from(good(carol)).toString()],
    ['empty', 'json', () => new Uint8Array()],
    ['bytes that are no JSON', 'json', () => Buffer.from([0xff, 0xfe, 0x00, 0x01])],
    ['JSON cut short', 'json', (carol) => good(carol).slice(0, -10)],
    ['a JSON array', 'json', () => Buffer.from('[1001]')],
    ['a JSON string', 'json', () => Buffer.from('"1001"')],
    ['JSON null', 'json', () => Buffer.from('null')],
    ['a request whose reqIdentifier is a string', 'json', (carol) => json(carol, { reqIdentifier: '1001' })],
    ['a request whose reqIdentifier is a fraction', 'json', (carol) => json(carol, { reqIdentifier: 1001.5 })],
    ['a request whose sendID is a number', 'json', (carol) => json(carol, { sendID: 7 })],
    ['a request whose data is an object', 'json', (carol) => json(carol, { data: {} })],
    ['a request whose data is no base64', 'json', (carol) => json(carol, { data: '!?' })],
    ["a request with another user's sendID", 'json', (carol) => json(carol, { sendID: alice.userID })],
    ['a request without a sendID', 'json', (carol) => json(carol, { sendID: undefined })],
    ['an unknown request', 'json', (carol) => json(carol, { reqIdentifier: 4711 })],
    ['a push, which only servers send', 'json', (carol) => json(carol, { reqIdentifier: 2001 })],
    ['longer than 51200 bytes', 'json', (carol) => padded(carol, MAX_FRAME_BYTES + 1)],
    ['2 MB long', 'json', (carol) => padded(carol, 2_000_000)],
    ['empty gob', 'gob', () => new Uint8Array()],
    ['gob cut short', 'gob', (carol) => good(carol).slice(0, -10)],
    ['a gob length beyond the frame', 'gob', () => Buffer.from('f7ffffffffffffffffff', 'hex')],
    ['noise instead of gob', 'gob', () => Buffer.from('00112233445566778899aabbccddeeff', 'hex')],
    ['JSON instead of gob', 'gob', () => Buffer.from('{"reqIdentifier":1001}')],
    ["a gob request with another user's sendID", 'gob', (carol) => gob(carol, { sendID: alice.userID })],
    ['an unknown request in gob', 'gob', (carol) => gob(carol, { reqIdentifier: 4711 })],
    ['bytes that are no gzip', 'gob+gzip', () => Buffer.from('no gzip at all')],
    ['gob that is not gzipped', 'gob+gzip', (carol) => gob(carol, {})],
    ['gzip cut short', 'gob+gzip', (carol) => good(carol).slice(0, -6)],
    ['gzip with a wrong checksum', 'gob+gzip', (carol) => flipped(good(carol), -6)],
    ['gzip around noise', 'gob+gzip', () => gzipSync(Buffer.from('ffffffffffffffff', 'hex'))],
    ['gzip that inflates to 40 MB', 'gob+gzip', () => gzipSync(Buffer.alloc(40_000_000))],
  ]

  it.each(frames)('closes only its own connection when the frame is %s (%s)', async (_what, dialect, frame) => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID, { dialect })
    const carolsPhone = await scene.raw(carolID, { platformID: PLATFORM.ios })
    carol.sendFrame(frame(carol))
    const { code, reason } = await drop(carol)
    expect(DROP_CODES).toContain(code)
    expect(reason).toMatch(/\w+ \w+/)
    expect(reason).not.toMatch(STACK)
    expect(carol.responses()).toEqual([])

    // The same user's other socket still works, and the user can connect again.
    expect(await carolsPhone.newestSeqs()).toEqual({})
    const again = await scene.raw(carolID, { dialect })
    expect(await again.newestSeqs()).toEqual({})
  })

  it('is answered when it has exactly 51200 bytes', async () => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    carol.sendFrame(padded(carol, MAX_FRAME_BYTES))
    await carol.frames.until('answer', () => carol.responses()[0])
    expect(carol.responses()).toMatchObject([{ reqIdentifier: REQ.newestSeq, errCode: 0 }])
  })

  it('does not lose messages that the device sent before the bad frame', async () => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    const answer = carol.deliverText(alice.userID, 'before the bad one')
    carol.sendFrame('rubbish')
    await drop(carol)
    await alice.received('before the bad one')
    // The acknowledgement may be lost with the connection, but the message must be stored.
    answer.catch(() => {})
    expect(await (await scene.raw(carolID)).pullAll(alice.userID)).toHaveLength(1)
  })

  const good = (carol: RawClient) => carol.encode(newestSeqOf(carol))
  const gob = (carol: RawClient, change: object) => encodeGobRequest({ ...newestSeqOf(carol), ...change })
  const json = (carol: RawClient, change: object) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(good(carol)).toString()), ...change }))

  function newestSeqOf(carol: RawClient) {
    return carol.requestOf(REQ.newestSeq, GetMaxSeqReq.encode({ userID: carol.userID }).finish())
  }

  /** A valid request of exactly this length in bytes. */
  function padded(carol: RawClient, length: number): Uint8Array {
    const request = newestSeqOf(carol)
    const missing = length - carol.encode(request).length
    return carol.encode({ ...request, operationID: request.operationID + 'x'.repeat(missing) })
  }

  function flipped(bytes: Uint8Array, at: number): Uint8Array {
    const copy = Buffer.from(bytes)
    const index = copy.length + at
    copy.writeUInt8(copy.readUInt8(index) ^ 0xff, index)
    return copy
  }
})

describe('an invalid request', () => {
  const requests = [1001, 1002, 1003, 1005, 1006, 1007, 2003, 2004]
  const payloads = {
    noise: Buffer.from('ffffffffffffffffffff', 'hex'),
    'a message cut short': Buffer.from('0a7f61', 'hex'),
    'a group that never ends': Buffer.from('0b', 'hex'),
    'text that is no UTF-8': Buffer.from('0a02fffe', 'hex'),
  }
  const cases = requests.flatMap((id) => Object.entries(payloads).map(([what, bytes]) => [id, what, bytes] as const))

  it.each(cases)('is answered with error 1001 when request %i has %s as payload', async (id, _what, bytes) => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID, { dialect: 'gob+gzip' })
    const answer = await carol.request(id, bytes)
    expect(answer).toMatchObject({ reqIdentifier: id, errCode: 1001 })
    expectSentence(answer.errMsg)
    expect(await carol.newestSeqs()).toEqual({})
  })

  const foreign: [name: string, id: number, data: (userID: string) => Uint8Array][] = [
    ['newest seqs', REQ.newestSeq, (userID) => GetMaxSeqReq.encode({ userID }).finish()],
    [
      'messages by range',
      REQ.pullRange,
      (userID) => PullMessageBySeqsReq.encode({ userID, seqRanges: [], order: 0 }).finish(),
    ],
    [
      'messages by seq',
      REQ.pullSeqs,
      (userID) => GetSeqMessageReq.encode({ userID, conversations: [], order: 0 }).finish(),
    ],
    [
      'read seqs',
      REQ.readSeqs,
      (userID) =>
        GetConversationsHasReadAndMaxSeqReq.encode({ userID, conversationIDs: [], returnPinned: false }).finish(),
    ],
    ['last messages', REQ.lastMessage, (userID) => GetLastMessageReq.encode({ userID, conversationIDs: [] }).finish()],
  ]

  it.each(foreign)("is refused with error 1002 when it asks for another user's %s", async (_name, id, data) => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    const answer = await carol.request(id, data(alice.userID))
    expect(answer).toMatchObject({ errCode: 1002 })
    expectSentence(answer.errMsg)
    expect(answer.data).toHaveLength(0)
  })

  it('does not reveal a conversation of two other users', async () => {
    await alice.deliverText(bob.userID, 'between us')
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    const conversationID = chatIDOf(alice.userID, bob.userID)
    const ways = [
      carol.request(
        REQ.pullRange,
        PullMessageBySeqsReq.encode({
          userID: carolID,
          seqRanges: [{ conversationID, begin: 0, end: 100, num: 100 }],
          order: 0,
        }).finish(),
      ),
      carol.request(
        REQ.pullSeqs,
        GetSeqMessageReq.encode({ userID: carolID, conversations: [{ conversationID, seqs: [1] }], order: 0 }).finish(),
      ),
      carol.request(
        REQ.lastMessage,
        GetLastMessageReq.encode({ userID: carolID, conversationIDs: [conversationID] }).finish(),
      ),
    ]
    for (const { data } of await Promise.all(ways)) expect(Buffer.from(data).toString()).not.toContain('between us')
  })

  const messages: [what: string, codes: number[], change: (carolID: string) => Partial<MsgData>][] = [
    ["another user's sendID", [1002], () => ({ sendID: alice.userID })],
    ['no sendID', [1001, 1002], () => ({ sendID: '' })],
    ['no receiver', [1001], () => ({ recvID: '' })],
    ['a receiver who does not exist', [1004, 1101], () => ({ recvID: fresh('nobody') })],
    ['no content', [1001], () => ({ content: new Uint8Array() })],
    ['a kind of session that does not exist', [1001], () => ({ sessionType: 9 })],
    ['no kind of session', [1001], () => ({ sessionType: 0 })],
    ["OpenIM's abolished kind of group", [1001], () => ({ sessionType: 2, groupID: 'g' })],
    [
      'a group that does not exist',
      [1001, 1004, 1201, 1203],
      () => ({ sessionType: 3, recvID: '', groupID: fresh('g') }),
    ],
    ["a content type of the service's own", [1001], () => ({ contentType: 1501 })],
    ['a notification for its kind', [1001], () => ({ options: { isNotNotification: false } })],
  ]

  it.each(messages)('is refused and not stored when the request is a message with %s', async (_what, codes, change) => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    const answer = await carol.sendText(bob.userID, 'must not arrive', change(carolID))
    expect(codes).toContain(answer.errCode)
    expectSentence(answer.errMsg)

    expect(await carol.newestSeqs()).toEqual({})
    expect(await conversationsOf(carol)).toEqual([])
    // The connection still works. The refused message would have arrived before this one.
    await carol.deliverText(bob.userID, 'this one may')
    for (const device of [bob, carol]) {
      await device.received('this one may')
      expect(device.pushed().map(textOf)).toEqual(['this one may'])
    }
  })

  it('leaves no gap in the seqs when a refused message stands between valid messages', async () => {
    await alice.deliverText(bob.userID, 'one')
    const answer = await alice.sendText(bob.userID, '', { content: new Uint8Array() })
    expect(answer.errCode).toBe(1001)
    await alice.deliverText(bob.userID, 'two')
    expect((await bob.pullAll(alice.userID)).map(({ seq }) => seq)).toEqual([1, 2])
  })

  async function conversationsOf(client: RawClient): Promise<unknown[]> {
    const token = await scene.token(client.userID, client.platformID)
    const pagination = { pageNumber: 1, showNumber: 100 }
    const { data } = await scene.rest.post<{ conversations: unknown[] | null }>(
      '/conversation/get_owner_conversation',
      { userID: client.userID, pagination },
      { token },
    )
    return data?.conversations ?? []
  }

  /** OpenIM's name of the error, then a sentence with the reason. */
  function expectSentence(errMsg: string): void {
    expect(errMsg).toMatch(/^\w+: \S+ \S+/)
    expect(errMsg).not.toMatch(STACK)
  }
})

describe('a connection', () => {
  it("answers a text ping with a pong that carries the ping's body", async () => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    carol.sendFrame('{"type":"ping"}')
    expect(JSON.parse((await carol.nextFrame()).bytes.toString())).toMatchObject({ type: 'pong' })
    carol.sendFrame(JSON.stringify({ type: 'ping', body: 'op-7' }))
    expect(JSON.parse((await carol.nextFrame()).bytes.toString())).toEqual({ type: 'pong', body: 'op-7' })
    carol.sendFrame('{"type":"pong"}')
    await carol.ping()
    expect(await carol.newestSeqs()).toEqual({})
  })

  it('closes at once when the device sends a close frame', async () => {
    const [carolID] = await scene.users('carol')
    const carol = await scene.raw(carolID)
    const start = Date.now()
    expect(await carol.goodbye()).toMatchObject({ code: 1000 })
    expect(Date.now() - start).toBeLessThan(WORKERD_LINGERS_MS)
  })

  it('does not prevent a reconnect when the device vanished without a close frame', async () => {
    const [carolID] = await scene.users('carol')
    const gone = await scene.raw(carolID)
    await gone.close()
    await alice.deliverText(carolID, 'are you there?')
    const carol = await scene.raw(carolID)
    expect(await carol.pullAll(alice.userID)).toHaveLength(1)
  })
})

/** Waits until the server has ended the connection. */
async function drop(client: RawClient): Promise<Close> {
  const late = sleep(DROP_TIMEOUT_MS).then((): never => {
    throw new Error(`${client.userID} was not disconnected within ${DROP_TIMEOUT_MS} ms`)
  })
  return Promise.race([client.closed, late])
}
