import { abortAllDurableObjects, evictAllDurableObjects } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetConversationsHasReadAndMaxSeqResp,
  GetLastMessageReq,
  GetLastMessageResp,
  GetMaxSeqReq,
  GetMaxSeqResp,
  GetSeqMessageReq,
  GetSeqMessageResp,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
  type PullOrder,
} from '../../../src/protocol/proto/index.ts'
import {
  appendItem,
  conversation,
  Device,
  register,
  type SdkKind,
  textMessage,
  textOf,
  until,
  user,
} from '../../rigs/rig.ts'

/** Every test runs once per envelope, with its own users. */
const KINDS: SdkKind[] = ['js', 'go']

async function maxSeqs(device: Device, userID: string): Promise<Record<string, number>> {
  const { data } = await device.request(WsRequestID.GetNewestSeq, GetMaxSeqReq.encode({ userID }).finish())
  return GetMaxSeqResp.decode(data).maxSeqs
}

async function seqs(device: Device, userID: string, conversationIDs: string[] = []) {
  const { data } = await device.request(
    WsRequestID.GetConvMaxReadSeq,
    GetConversationsHasReadAndMaxSeqReq.encode({ userID, conversationIDs, returnPinned: false }).finish(),
  )
  return GetConversationsHasReadAndMaxSeqResp.decode(data).seqs
}

async function pull(device: Device, userID: string, conversationID: string, begin: number, end: number, num: number) {
  const { data } = await device.request(
    WsRequestID.PullMsgByRange,
    PullMessageBySeqsReq.encode({ userID, seqRanges: [{ conversationID, begin, end, num }], order: 0 }).finish(),
  )
  return PullMessageBySeqsResp.decode(data).msgs[conversationID]
}

async function pullList(
  device: Device,
  userID: string,
  conversationID: string,
  wanted: number[],
  order: PullOrder = 0,
) {
  const { data } = await device.request(
    WsRequestID.PullMsgBySeqList,
    GetSeqMessageReq.encode({ userID, conversations: [{ conversationID, seqs: wanted }], order }).finish(),
  )
  return GetSeqMessageResp.decode(data).msgs[conversationID]
}

describe.each(KINDS)('messages over a %s socket', (kind) => {
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => `${name}_${kind}`) as [string, string, string]
  const chat = `si_${alice}_${bob}`
  let phone: Device
  let laptop: Device
  let bobs: Device

  beforeAll(async () => {
    await register(alice, bob, carol)
    phone = await Device.connect(alice, { kind, platformID: 2 })
    laptop = await Device.connect(alice, { kind, platformID: 3 })
    bobs = await Device.connect(bob, { kind })
    await phone.sendText(bob, 'one')
    await phone.sendText(bob, 'two')
    await bobs.sendText(alice, 'three')
    await until(() => bobs.received().length === 3 && phone.received().length === 3)
  })

  it('are received in order, with seq, time and the status "sent"', () => {
    const received = bobs.received()
    expect(received.map(({ msg }) => textOf(msg))).toEqual(['one', 'two', 'three'])
    expect(received.map(({ msg }) => msg.seq)).toEqual([1, 2, 3])
    expect(received.every(({ msg, conversationID }) => conversationID === chat && msg.status === 2)).toBe(true)
    const times = received.map(({ msg }) => msg.sendTime)
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
  })

  it("are pushed to all devices of the sender, to the sending device with the request's operationID", async () => {
    await until(() => laptop.received().length === 3)
    expect(laptop.received().map(({ msg }) => textOf(msg))).toEqual(['one', 'two', 'three'])
    expect(phone.pushes[0]?.operationID).toBe(`op-${alice}_1`)
  })

  it('are answered before they are pushed to the sending device', () => {
    const isReply = (frame: string | Uint8Array) => typeof frame !== 'string'
    // Frame 0 is the handshake; the first binary frame must be the answer to the first send, not its push.
    expect(phone.frames.filter(isReply).length).toBeGreaterThan(2)
    expect(phone.pushes.length).toBeGreaterThan(0)
    expect(phone.frames.indexOf(phone.frames.filter(isReply)[0] as Uint8Array)).toBe(1)
  })

  it('are answered with the first answer when the device repeats the clientMsgID', async () => {
    const first = await phone.sendText(bob, 'four', 'same-id')
    const again = await phone.sendText(bob, 'four', 'same-id')
    expect(again).toEqual(first)
    expect((await seqs(phone, alice))[chat]?.maxSeq).toBe(4)
  })

  it('may have the same clientMsgID when their senders differ', async () => {
    const before = (await seqs(bobs, bob))[chat]?.maxSeq ?? 0
    await bobs.sendText(alice, 'five', 'same-id')
    expect((await seqs(bobs, bob))[chat]?.maxSeq).toBe(before + 1)
  })

  it('are counted in the newest seq, and count as read for their sender', async () => {
    await bobs.sendText(alice, 'last from bob')
    const newest = (await maxSeqs(bobs, bob))[chat]
    expect(newest).toBeGreaterThan(4)
    expect((await seqs(bobs, bob))[chat]).toMatchObject({ maxSeq: newest, hasReadSeq: newest })
    const alices = (await seqs(phone, alice))[chat]
    expect(alices?.maxSeq).toBe(newest)
    expect(alices?.hasReadSeq).toBeLessThan(newest as number)
    expect(alices?.maxSeqTime).toBeGreaterThan(0)
  })

  it('are pulled by range: the newest `num` messages, in ascending order', async () => {
    const pulled = await pull(bobs, bob, chat, 0, 3, 2)
    expect(pulled?.Msgs.map((msg) => msg.seq)).toEqual([2, 3])
    expect(pulled?.isEnd).toBe(false)
    const beyond = await pull(bobs, bob, chat, 0, 1_000, 1_000)
    expect(beyond?.isEnd).toBe(true)
    expect(beyond?.Msgs.map((msg) => msg.seq)).toEqual(beyond?.Msgs.map((_, i) => i + 1))
  })

  it('are pulled by list of seqs, in the order of the list, with isEnd at the end of the log', async () => {
    expect((await pullList(bobs, bob, chat, [3, 1]))?.Msgs.map((msg) => msg.seq)).toEqual([3, 1])
    const beyond = await pullList(bobs, bob, chat, [999])
    expect(beyond?.Msgs).toEqual([])
    expect(beyond?.isEnd).toBe(true)
    expect(beyond?.endSeq).toBeGreaterThan(3)
  })

  it('are not shown to a user outside the conversation', async () => {
    const carols = await Device.connect(carol, { kind })
    expect(await pull(carols, carol, chat, 0, 100, 100)).toBeUndefined()
    expect((await pullList(carols, carol, chat, [1, 2]))?.Msgs).toEqual([])
    expect(await seqs(carols, carol, [chat])).toEqual({})
    const { data } = await carols.request(
      WsRequestID.PullConvLastMessage,
      GetLastMessageReq.encode({ userID: carol, conversationIDs: [chat] }).finish(),
    )
    expect(GetLastMessageResp.decode(data).msgs).toEqual({})
  })

  it('are returned as last messages, one per conversation', async () => {
    const { data } = await bobs.request(
      WsRequestID.PullConvLastMessage,
      GetLastMessageReq.encode({ userID: bob, conversationIDs: [chat, 'si_nobody_nowhere'] }).finish(),
    )
    const { msgs } = GetLastMessageResp.decode(data)
    expect(Object.keys(msgs)).toEqual([chat])
    expect(msgs[chat]?.seq).toBe((await maxSeqs(bobs, bob))[chat])
  })

  it('are listed as a conversation for both users', async () => {
    const [alices] = await user(alice).conversations([chat])
    const [bobsRow] = await user(bob).conversations([chat])
    expect(alices).toMatchObject({ ownerUserID: alice, conversationType: 1, userID: bob, groupID: '' })
    expect(bobsRow).toMatchObject({ ownerUserID: bob, conversationType: 1, userID: alice, groupID: '' })
  })

  it('are pushed without a seq when they are unstored', async () => {
    const before = (await seqs(phone, alice))[chat]?.maxSeq
    const count = bobs.received().length
    const typing = textMessage(alice, bob, `typing-${kind}`, 'yes', {
      contentType: 113,
      options: { history: false, senderSync: false },
    })
    expect((await phone.request(WsRequestID.SendMsg, typing)).errCode).toBe(0)
    await until(() => bobs.received().length > count)
    expect(bobs.received().at(-1)?.msg).toMatchObject({ seq: 0, contentType: 113 })
    expect((await seqs(phone, alice))[chat]?.maxSeq).toBe(before)
  })

  it('are pushed once to every device when users send to themselves', async () => {
    const count = laptop.received().length
    await phone.sendText(alice, 'note to self')
    await until(() => laptop.received().length > count)
    await phone.sendText(alice, 'another note')
    await until(() => laptop.received().some(({ msg }) => textOf(msg) === 'another note'))
    const notes = laptop.received().filter(({ msg }) => textOf(msg) === 'note to self')
    expect(notes.map(({ conversationID }) => conversationID)).toEqual([`si_${alice}_${alice}`])
  })

  it('are delivered over the same sockets after every object left memory', async () => {
    await evictAllDurableObjects()
    const count = bobs.received().length
    await phone.sendText(bob, 'after a nap')
    await until(() => bobs.received().length > count)
    expect(textOf(bobs.received().at(-1)?.msg as never)).toBe('after a nap')
  })
})

describe('a crash', () => {
  it('does not lose messages that were stored but not delivered', async () => {
    await register('dora', 'emil')
    const doras = await Device.connect('dora')
    await doras.sendText('emil', 'before')
    await abortAllDurableObjects()
    const again = await Device.connect('dora')
    const sent = await Promise.all(Array.from({ length: 20 }, (_, i) => again.sendText('emil', `n${i}`)))
    await abortAllDurableObjects()
    const emils = await Device.connect('emil')
    const newest = (await maxSeqs(emils, 'emil')).si_dora_emil
    expect(newest).toBe(21)
    const stored = await pull(emils, 'emil', 'si_dora_emil', 1, 21, 100)
    expect(stored?.Msgs.slice(1).map((msg) => msg.serverMsgID)).toEqual(sent.map((answer) => answer.serverMsgID))
  })
})

describe('a device whose object was just woken', () => {
  it.each(Array.from({ length: 12 }, (_, i) => i))(
    'gets its own messages and those of others in the order of their seqs (round %i)',
    async (round) => {
      const [nora, omar] = [`nora${round}`, `omar${round}`]
      await register(nora, omar)
      const device = await Device.connect(nora)
      const chat = conversation(`si_${nora}_${omar}`)
      const fromOmar = (text: string) =>
        appendItem({ sendID: omar, recvID: nora, clientMsgID: text, msg: textMessage(omar, nora, text, text) })
      // The object knows no log yet, and a send and two deliveries arrive at the same time.
      await Promise.all([
        chat.append([fromOmar('a')]),
        device.sendText(omar, 'mine'),
        chat.append([fromOmar('b'), fromOmar('c')]),
      ])
      await until(() => device.received().length === 4)
      expect(device.received().map(({ msg }) => Number(msg.seq))).toEqual([1, 2, 3, 4])
    },
  )
})
