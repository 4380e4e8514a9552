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

describe('readMessage', () => {
  it.each([
    ['with every field', whole],
    ['without fields', MsgData.create()],
    ['as a device encodes it', MsgData.fromPartial({ sendID: 'a', recvID: 'b', content: utf8.encode('{}') })],
  ])('reads a message %s like the codec, and returns its bytes for forwarding', (_name, message) => {
    const encoded = MsgData.encode(message).finish()
    const { msg, bytes } = readMessage(encoded)
    expect(msg).toEqual(MsgData.decode(encoded))
    expect(bytes).toEqual(encoded)
  })

  it('copies the bytes of a view into a larger buffer', () => {
    const encoded = MsgData.encode(whole).finish()
    const frame = new Uint8Array(encoded.length + 64)
    frame.set(encoded, 32)
    const { bytes } = readMessage(frame.subarray(32, 32 + encoded.length))
    expect(bytes).toEqual(encoded)
    expect(bytes?.buffer.byteLength).toBe(encoded.length)
  })
})

describe('readMessage of a message that is not in plain form', () => {
  const encoded = MsgData.encode(whole).finish()
  const withTail = (...tail: number[]) => new Uint8Array([...encoded, ...tail])

  it.each([
    ['an unknown field', withTail(0xd2, 0x0f, 1, 0x61)],
    ['a field that occurs twice', withTail(0x0a, 1, 0x61)],
    ['an option that occurs twice', withTail(0x9a, 1, 11, 0x0a, 7, ...utf8.encode('history'), 0x10, 1)],
    ['a number instead of a text', withTail(0x08, 1)],
    ['a negative number', withTail(0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)],
    ['a boolean other than 0 and 1', new Uint8Array([0x90, 1, 2])],
  ])('returns no bytes for forwarding: %s', (_name, given) => {
    const { msg, bytes } = readMessage(given)
    expect(bytes).toBeNull()
    expect(msg).toEqual(MsgData.decode(given))
  })

  it('returns no bytes when an option reads past its own length, which Go rejects', () => {
    // The entry has 4 bytes, but its key claims 3 bytes more than remain.
    const given = new Uint8Array([0x9a, 1, 4, 0x0a, 5, 0x61, 0x61, 0x61, 0x61, 0x61])
    expect(readMessage(given).bytes).toBeNull()
  })

  it('returns no bytes when an option is named like a property of every object', () => {
    const given = new Uint8Array([0x9a, 1, 13, 0x0a, 9, ...utf8.encode('__proto__'), 0x10, 1])
    expect(readMessage(given).bytes).toBeNull()
  })
})

describe('readMessage of malformed bytes', () => {
  it.each([
    ['a length beyond the end', new Uint8Array([0x0a, 200, 1, 0x61])],
    ['a tag without its value', new Uint8Array([0x0a])],
    ['a text that is not UTF-8', new Uint8Array([0x0a, 2, 0xc3, 0x28])],
    ['a number beyond 2^53', new Uint8Array([0x70, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])],
  ])('refuses the bytes with error 1001: %s', (_name, given) => {
    expect(() => readMessage(given)).toThrow(expect.objectContaining({ code: 1001 }))
  })

  it('refuses a truncated message with error 1001, or reads it as the codec does', () => {
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
