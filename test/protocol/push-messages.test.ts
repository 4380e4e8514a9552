import { describe, expect, it } from 'vitest'
import {
  GetLastMessageResp,
  GetSeqMessageResp,
  MsgData,
  PullMessageBySeqsResp,
  PushMessages,
  SendMsgResp,
} from '../../src/protocol/proto/index.ts'
import {
  encodeLastMessagesResp,
  encodePullMessagesResp,
  encodePushMessages,
  encodeSendMsgResp,
  placeholderMessage,
  stampMessage,
} from '../../src/protocol/push-messages.ts'
import vectors from '../vectors/protobuf.json'
import { fromHex, toHex } from './hex.ts'

const text = MsgData.create({
  sendID: 'alice',
  recvID: 'bob',
  clientMsgID: 'c1',
  serverMsgID: 'forged',
  content: new TextEncoder().encode('{"content":"hi"}'),
  seq: 99,
  sendTime: 12,
  status: 1,
  options: { history: false },
  offlinePushInfo: { title: 't' },
  atUserIDList: ['carol'],
})
const textBytes = MsgData.encode(text).finish()
const stamp = { serverMsgID: 's1', sendTime: 1795172528919, seq: 7, status: 2 }

describe('stampMessage', () => {
  const stamps = [
    stamp,
    { serverMsgID: '', sendTime: 0, seq: 0, status: 0 },
    { serverMsgID: '鲍勃', sendTime: Number.MAX_SAFE_INTEGER, seq: 2 ** 32, status: 127 },
    { serverMsgID: 's', sendTime: -1, seq: 128, status: 128 },
    { serverMsgID: 's', sendTime: Number.MIN_SAFE_INTEGER, seq: 127, status: 300 },
  ]
  it.each(stamps)('overrides the values of the message: sendTime $sendTime, seq $seq', (given) => {
    expect(MsgData.decode(stampMessage(textBytes, given))).toEqual({ ...text, ...given })
  })

  it('stamps every message that Go encoded', () => {
    const messages = [...vectors.filled, ...vectors.special].filter(({ message }) => message === 'MsgData')
    expect(messages.length).toBeGreaterThan(5)
    for (const { hex } of messages) {
      const bytes = fromHex(hex)
      expect(MsgData.decode(stampMessage(bytes, stamp))).toEqual({ ...MsgData.decode(bytes), ...stamp })
    }
  })

  it('does not mutate its input', () => {
    const before = toHex(textBytes)
    stampMessage(textBytes, stamp)
    expect(toHex(textBytes)).toBe(before)
  })
})

describe('the encoded messages of a push', () => {
  const first = stampMessage(textBytes, stamp)
  const second = placeholderMessage(8)

  it('are decoded unchanged, with notifications in their own map', () => {
    const bytes = encodePushMessages([
      { conversationID: 'si_alice_bob', msgs: [first, second] },
      { conversationID: 'n_alice_bob', msgs: [second] },
      { conversationID: 'sg_群', msgs: [], isEnd: true, endSeq: 300 },
    ])
    const expected: PushMessages = {
      msgs: {
        si_alice_bob: { Msgs: [MsgData.decode(first), MsgData.decode(second)], isEnd: false, endSeq: 0 },
        sg_群: { Msgs: [], isEnd: true, endSeq: 300 },
      },
      notificationMsgs: { n_alice_bob: { Msgs: [MsgData.decode(second)], isEnd: false, endSeq: 0 } },
    }
    expect(PushMessages.decode(bytes)).toEqual(expected)
  })

  it('are encoded as Go encodes them', () => {
    const special = (part: string) => fromHex(vectors.special.find(({ name }) => name.includes(part))?.hex ?? '')
    const msgs = [special('a text as the JavaScript SDK'), special('options that are all false')]
    const bytes = encodePushMessages([
      { conversationID: 'sg_1045108808', msgs, isEnd: true, endSeq: 300 },
      { conversationID: 'n_1045108808', msgs: [] },
    ])
    expect(toHex(bytes)).toBe(toHex(special('in both maps')))
  })

  it('are decoded by the codecs of both pull replies', () => {
    const entries = [
      { conversationID: 'si_alice_bob', msgs: [first], isEnd: true, endSeq: 2 ** 40 },
      { conversationID: 'n_alice_bob', msgs: [] },
    ]
    const bytes = encodePullMessagesResp(entries)
    for (const codec of [PullMessageBySeqsResp, GetSeqMessageResp]) {
      const { msgs, notificationMsgs } = codec.decode(bytes)
      expect(msgs).toEqual({ si_alice_bob: { Msgs: [MsgData.decode(first)], isEnd: true, endSeq: 2 ** 40 } })
      expect(notificationMsgs).toEqual({ n_alice_bob: { Msgs: [], isEnd: false, endSeq: 0 } })
    }
  })

  it('are empty when there are no messages', () => {
    expect(encodePushMessages([]).length).toBe(0)
    expect(encodePullMessagesResp([]).length).toBe(0)
    expect(encodeLastMessagesResp([]).length).toBe(0)
  })

  it('are decoded by conversation in the reply to request 1007', () => {
    const bytes = encodeLastMessagesResp([
      { conversationID: 'si_alice_bob', msg: first },
      { conversationID: 'sg_1', msg: second },
    ])
    const expected: GetLastMessageResp = { msgs: { si_alice_bob: MsgData.decode(first), sg_1: MsgData.decode(second) } }
    expect(GetLastMessageResp.decode(bytes)).toEqual(expected)
  })
})

describe('encodeSendMsgResp', () => {
  it.each([
    ['unchanged', null],
    ['changed by a webhook', textBytes],
  ])('encodes the reply to a message that is %s', (_name, modify) => {
    const sent = { serverMsgID: 's1', clientMsgID: 'c1', sendTime: 1795172528919 }
    const expected = { ...sent, modify: modify ? MsgData.decode(modify) : undefined }
    expect(SendMsgResp.decode(encodeSendMsgResp(sent, modify))).toEqual(expected)
  })
})

describe('placeholderMessage', () => {
  it('has its seq and status 4, as Go encodes them', () => {
    expect(toHex(placeholderMessage(7))).toBe(vectors.special.find(({ name }) => name === 'a placeholder')?.hex)
    expect(MsgData.decode(placeholderMessage(2 ** 33))).toEqual(MsgData.create({ seq: 2 ** 33, status: 4 }))
  })
})
