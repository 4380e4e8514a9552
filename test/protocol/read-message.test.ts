import { describe, expect, it } from 'vitest'
import { MsgData, OfflinePushInfo } from '../../src/protocol/proto/index.ts'
import { readMessage } from '../../src/protocol/read-message.ts'

const utf8 = new TextEncoder()

const whole = MsgData.fromPartial({
  sendID: 'alice',
  recvID: 'bob',
  groupID: 'team',
  clientMsgID: 'c'.repeat(32),
  serverMsgID: 's'.repeat(32),
  senderPlatformID: 5,
  senderNickname: 'Älice 🦊',
  senderFaceURL: `https://faces.example/${'a'.repeat(100)}.png`,
  sessionType: 1,
  msgFrom: 100,
  contentType: 101,
  content: utf8.encode('{"content":"grüß dich"}'),
  seq: 7,
  sendTime: 1_795_000_000_000,
  createTime: 1_795_000_000_001,
  status: 1,
  isRead: true,
  options: { history: false, offlinePush: true },
  offlinePushInfo: OfflinePushInfo.fromPartial({ title: 'Hi', desc: 'there', iOSBadgeCount: true }),
  atUserIDList: ['carol', 'dave'],
  attachedInfo: '{}',
  ex: 'more',
})

describe('what is read', () => {
  it.each([
    ['with every field', whole],
    ['with none', MsgData.create()],
    ['as a device writes it', MsgData.fromPartial({ sendID: 'a', recvID: 'b', content: utf8.encode('{}') })],
  ])('a message %s is what the codec reads, and its bytes may travel on', (_name, message) => {
    const encoded = MsgData.encode(message).finish()
    const { msg, bytes } = readMessage(encoded)
    expect(msg).toEqual(MsgData.decode(encoded))
    expect(bytes).toEqual(encoded)
  })

  it('a view into a larger buffer does not take the rest of it along', () => {
    const encoded = MsgData.encode(whole).finish()
    const frame = new Uint8Array(encoded.length + 64)
    frame.set(encoded, 32)
    const { bytes } = readMessage(frame.subarray(32, 32 + encoded.length))
    expect(bytes).toEqual(encoded)
    expect(bytes?.buffer.byteLength).toBe(encoded.length)
  })
})

describe('bytes that are not passed on as they came', () => {
  const encoded = MsgData.encode(whole).finish()
  const withTail = (...tail: number[]) => new Uint8Array([...encoded, ...tail])

  it.each([
    ['a field that no message has', withTail(0xd2, 0x0f, 1, 0x61)],
    ['a field that comes twice', withTail(0x0a, 1, 0x61)],
    ['an option that comes twice', withTail(0x9a, 1, 11, 0x0a, 7, ...utf8.encode('history'), 0x10, 1)],
    ['a number where a text belongs', withTail(0x08, 1)],
    ['a negative number', withTail(0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)],
    ['a truth value other than 0 and 1', new Uint8Array([0x90, 1, 2])],
  ])('%s', (_name, given) => {
    const { msg, bytes } = readMessage(given)
    expect(bytes).toBeNull()
    expect(msg).toEqual(MsgData.decode(given))
  })

  it('an option that reads past its own length, which Go refuses to read at all', () => {
    // The entry says 4 bytes; its key says 3 more than are left of them.
    const given = new Uint8Array([0x9a, 1, 4, 0x0a, 5, 0x61, 0x61, 0x61, 0x61, 0x61])
    expect(readMessage(given).bytes).toBeNull()
  })

  it('an option by a name that objects have already', () => {
    const given = new Uint8Array([0x9a, 1, 13, 0x0a, 9, ...utf8.encode('__proto__'), 0x10, 1])
    expect(readMessage(given).bytes).toBeNull()
  })
})

describe('what is refused with 1001', () => {
  it.each([
    ['a length beyond the end', new Uint8Array([0x0a, 200, 1, 0x61])],
    ['a tag without its value', new Uint8Array([0x0a])],
    ['a text that is not UTF-8', new Uint8Array([0x0a, 2, 0xc3, 0x28])],
    ['a number beyond 2^53', new Uint8Array([0x70, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])],
  ])('%s', (_name, given) => {
    expect(() => readMessage(given)).toThrow(expect.objectContaining({ code: 1001 }))
  })

  it('every stretch that a message may be cut off at, or what is read says less, never something else', () => {
    const encoded = MsgData.encode(whole).finish()
    for (let length = 0; length < encoded.length; length++) {
      const part = encoded.slice(0, length)
      try {
        const { msg } = readMessage(part)
        expect(msg).toEqual(MsgData.decode(part))
      } catch (error) {
        expect(error).toMatchObject({ code: 1001 })
      }
    }
  })
})
