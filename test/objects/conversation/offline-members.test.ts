import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { DeliveryResult } from '../../../src/contracts/user.ts'
import { ConversationObject } from '../../../src/objects/conversation/conversation-object.ts'
import { OfflineMembers } from '../../../src/objects/conversation/delivery/offline-members.ts'
import { ReorderBuffer } from '../../../src/objects/user/state/reorder-buffer.ts'
import { UserObject } from '../../../src/objects/user/user-object.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { GetMaxSeqReq, GetMaxSeqResp } from '../../../src/protocol/proto/index.ts'
import { groupCreation } from '../../rigs/group-rig.ts'
import {
  adminToken,
  appendItem,
  conversation,
  Device,
  post,
  register,
  textMessage,
  textOf,
  until,
  user,
} from '../../rigs/rig.ts'

/* Delivery to an offline member is skipped: the member's devices ask for the messages when they reconnect. */

let deliveries: MockInstance<UserObject['deliver']>

beforeEach(() => {
  deliveries = vi.spyOn(UserObject.prototype, 'deliver')
})

afterEach(() => {
  deliveries.mockRestore()
})

const chatOf = (sendID: string, recvID: string) => `si_${[sendID, recvID].sort().join('_')}`

async function say(sendID: string, recvID: string, clientMsgID: string): Promise<void> {
  const [result] = await conversation(chatOf(sendID, recvID)).append([appendItem({ sendID, recvID, clientMsgID })])
  expect(result).toMatchObject({ ok: true })
}

/** Creates a pair whose receiver is offline, after a delivery that found the receiver offline. */
async function pairWithOfflineReceiver(sendID: string, recvID: string): Promise<void> {
  await register(sendID, recvID)
  await say(sendID, recvID, 'first')
  await deliveriesAnswered(1)
}

/** Waits for the answers of `count` deliveries, and until the conversation has them. */
async function deliveriesAnswered(count: number): Promise<void> {
  await until(() => deliveries.mock.results.length >= count)
  await Promise.all(deliveries.mock.results.map(({ value }) => value))
  await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Waits until no delivery has begun for 300 ms: the change of a group causes several for each member. */
async function noMoreDeliveries(): Promise<void> {
  let count = -1
  while (count !== deliveries.mock.calls.length) {
    count = deliveries.mock.calls.length
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  await deliveriesAnswered(count)
}

describe('an offline member', () => {
  it('gets the first message, and finds the later messages at the next sync', async () => {
    await pairWithOfflineReceiver('ada', 'bob')
    for (const clientMsgID of ['second', 'third']) await say('ada', 'bob', clientMsgID)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(deliveries).toHaveBeenCalledTimes(1)
    expect(await user('bob').newestSeqs()).toEqual({ si_ada_bob: 3 })
  })

  it('gets one message again after each sync', async () => {
    await pairWithOfflineReceiver('cleo', 'dirk')
    expect(await user('dirk').newestSeqs()).toEqual({ si_cleo_dirk: 1 })
    await say('cleo', 'dirk', 'second')
    await deliveriesAnswered(2)
    await say('cleo', 'dirk', 'third')
    expect(await user('dirk').newestSeqs()).toEqual({ si_cleo_dirk: 3 })
    expect(deliveries).toHaveBeenCalledTimes(2)
  })

  it('gets a push of every message after a device connected, even before its first request', async () => {
    await pairWithOfflineReceiver('eva', 'finn')
    await say('eva', 'finn', 'second')
    const finn = await Device.connect('finn')
    await finn.handshake()
    await say('eva', 'finn', 'third')
    expect(await finn.receivedTexts(1)).toEqual(['third'])
    expect(await user('finn').newestSeqs()).toEqual({ si_eva_finn: 3 })
  })

  it('gets messages again after sending a message', async () => {
    await pairWithOfflineReceiver('gil', 'hugo')
    await say('hugo', 'gil', 'mine')
    await deliveriesAnswered(2)
    await say('gil', 'hugo', 'second')
    await deliveriesAnswered(3)
    expect(deliveries).toHaveBeenCalledTimes(3)
  })

  it('gets a push of every message after a connect whose first state request failed', async () => {
    await pairWithOfflineReceiver('ida', 'jan')
    const requests = vi.spyOn(ConversationObject.prototype, 'state')
    requests.mockImplementationOnce(() => Promise.reject(new Error('not now')))
    const jan = await Device.connect('jan')
    await jan.handshake()
    await until(() => requests.mock.results.length >= 2)
    await Promise.all(requests.mock.results.slice(1).map(({ value }) => value))
    requests.mockRestore()
    await say('ida', 'jan', 'second')
    expect(await jan.receivedTexts(1)).toEqual(['second'])
  })

  it('causes one state request when a device connects and syncs at the same time', async () => {
    await pairWithOfflineReceiver('kim', 'leo')
    const requests = vi.spyOn(ConversationObject.prototype, 'state')
    const leo = await Device.connect('leo')
    const answer = await leo.request(WsRequestID.GetNewestSeq, GetMaxSeqReq.encode({ userID: 'leo' }).finish())
    expect(GetMaxSeqResp.decode(answer.data).maxSeqs).toEqual({ si_kim_leo: 1 })
    expect(requests).toHaveBeenCalledTimes(1)
    requests.mockRestore()
  })

  it('does not wait for skipped messages before the next message is pushed', async () => {
    await pairWithOfflineReceiver('lia', 'max')
    await say('lia', 'max', 'second')
    const max = await Device.connect('max')
    await max.handshake()
    // The reorder buffer gives up only on messages that it waited for.
    const givenUp = vi.spyOn(ReorderBuffer.prototype, 'flushOverdue')
    await say('lia', 'max', 'third')
    expect(await max.receivedTexts(1)).toEqual(['third'])
    expect(givenUp).not.toHaveBeenCalled()
    givenUp.mockRestore()
  })

  it('gets every message that is appended while a delivery is in flight', async () => {
    await register('mona', 'nick')
    const calls: number[][] = []
    let answered = 0
    deliveries.mockImplementation(async ({ messages }) => {
      const call = calls.push(messages.map(({ seq }) => seq))
      while (answered < call) await new Promise((resolve) => setTimeout(resolve, 5))
      return { ok: true, value: 'marked' }
    })
    await say('mona', 'nick', 'first')
    await until(() => calls.length === 1)
    await say('mona', 'nick', 'second')
    answered = 1
    await until(() => calls.length === 2)
    await say('mona', 'nick', 'third')
    answered = 3
    await until(() => calls.length === 3)
    expect(calls).toEqual([[1], [2], [3]])
  })

  it('gets messages again after the conversation left memory', async () => {
    await pairWithOfflineReceiver('ines', 'jon')
    await say('ines', 'jon', 'second')
    await abortAllDurableObjects()
    await say('ines', 'jon', 'third')
    await deliveriesAnswered(2)
    const jon = await Device.connect('jon')
    await jon.handshake()
    await say('ines', 'jon', 'fourth')
    expect((await jon.receivedTexts(1)).at(-1)).toBe('fourth')
    expect(await user('jon').newestSeqs()).toEqual({ si_ines_jon: 4 })
  })

  it('does not get unstored messages such as typing', async () => {
    await pairWithOfflineReceiver('kai', 'lea')
    const typing = { clientMsgID: 'typing', contentType: 113, stored: false }
    const item = appendItem({ sendID: 'kai', recvID: 'lea', ...typing })
    await conversation('si_kai_lea').append([item])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(deliveries).toHaveBeenCalledTimes(1)
    const lea = await Device.connect('lea')
    await lea.handshake()
    await conversation('si_kai_lea').append([{ ...item, clientMsgID: 'typing again' }])
    await until(() => lea.pushes.length === 1)
  })

  it('gets a message of the other log, which is not yet marked unread', async () => {
    await pairWithOfflineReceiver('mia', 'noa')
    await conversation('si_mia_noa').append([
      appendItem({ sendID: 'mia', recvID: 'noa', clientMsgID: 'notice', contentType: 1201, log: 'notification' }),
    ])
    await deliveriesAnswered(2)
    expect(deliveries).toHaveBeenCalledTimes(2)
    expect(await user('noa').newestSeqs()).toEqual({ si_mia_noa: 1, n_mia_noa: 1 })
  })

  it('gets a deleted conversation again with the next message, but not with older messages', async () => {
    await pairWithOfflineReceiver('olaf', 'pia')
    const listed = async () => (await user('pia').conversations(null)).map(({ conversationID }) => conversationID)
    expect(await listed()).toEqual(['si_olaf_pia'])
    await user('pia').deleteConversations(['si_olaf_pia'])
    expect(await user('pia').newestSeqs()).toEqual({ si_olaf_pia: 1 })
    expect(await listed()).toEqual([])
    await say('olaf', 'pia', 'second')
    await deliveriesAnswered(2)
    expect(await listed()).toEqual(['si_olaf_pia'])
    await user('pia').deleteConversations(['si_olaf_pia'])
    await say('olaf', 'pia', 'third')
    await deliveriesAnswered(3)
    expect(await listed()).toEqual(['si_olaf_pia'])
  })

  it('keeps a conversation that was deleted while a message arrived', async () => {
    await pairWithOfflineReceiver('remy', 'rob')
    const state = ConversationObject.prototype.state
    const requests = vi.spyOn(ConversationObject.prototype, 'state')
    requests.mockImplementationOnce(async function (this: ConversationObject, ...args) {
      const answer = await state.apply(this, args)
      await say('remy', 'rob', 'second')
      await deliveriesAnswered(2)
      return answer
    })
    await user('rob').deleteConversations(['si_remy_rob'])
    requests.mockRestore()
    expect(await user('rob').conversations(null)).toMatchObject([{ conversationID: 'si_remy_rob' }])
  })

  it('causes no call for a group message, and the online members get every message', async () => {
    await register('quin', 'rosa', 'sam')
    const group = conversation('sg_three')
    await group.changeGroup(groupCreation('three', ['quin', 'rosa', 'sam']))
    const rosa = await Device.connect('rosa')
    await rosa.handshake()
    const write = (clientMsgID: string) => {
      const msg = textMessage('quin', '', clientMsgID, clientMsgID, { groupID: 'three', sessionType: 3 })
      return group.append([
        appendItem({ sendID: 'quin', recvID: '', groupID: 'three', sessionType: 3, clientMsgID, msg }),
      ])
    }
    const texts = () =>
      rosa
        .received()
        .filter(({ msg }) => msg.contentType === 101)
        .map(({ msg }) => textOf(msg))
    await write('first')
    await until(() => texts().length === 1)
    await noMoreDeliveries()
    deliveries.mockClear()
    for (const clientMsgID of ['second', 'third', 'fourth']) {
      await write(clientMsgID)
      await until(() => texts().includes(clientMsgID))
    }
    await deliveriesAnswered(3)
    expect(deliveries).toHaveBeenCalledTimes(3)
    expect((await user('sam').newestSeqs()).sg_three).toBe(5)
  })
})

describe('OfflineMembers', () => {
  it('does not mark a member offline who reconnected while the delivery was in flight', async () => {
    const offline = new OfflineMembers()
    const call = Promise.withResolvers<DeliveryResult>()
    const tracked = offline.track('bob', 'chat', call.promise)
    offline.resume('bob')
    call.resolve('marked')
    await tracked
    expect(offline.skips('bob', 'chat', 1)).toBe(false)
    await offline.track('bob', 'chat', Promise.resolve('marked'))
    expect(offline.skips('bob', 'chat', 2)).toBe(true)
    expect(offline.skips('bob', 'notification', 1)).toBe(false)
    expect(offline.skips('bob', 'notification', 0)).toBe(true)
  })

  it('resumes delivery when a later delivery reports "online" or "offline"', async () => {
    const offline = new OfflineMembers()
    for (const result of ['online', 'offline'] as const) {
      await offline.track('bob', 'chat', Promise.resolve('marked'))
      await offline.track('bob', 'notification', Promise.resolve(result))
      expect(offline.skips('bob', 'chat', 2)).toBe(false)
    }
  })

  it('keeps skipping after a delivery that failed', async () => {
    const offline = new OfflineMembers()
    await offline.track('bob', 'chat', Promise.resolve('marked'))
    await expect(offline.track('bob', 'chat', Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    expect(offline.skips('bob', 'chat', 2)).toBe(true)
  })
})

describe('a refused message', () => {
  it('does not remove the unread mark of an older message', async () => {
    await register('ulf', 'vera')
    const vera = await Device.connect('vera')
    await vera.handshake()
    await say('ulf', 'vera', 'first')
    await vera.receivedTexts(1)
    await post('/friend/add_black', { ownerUserID: 'ulf', blackUserID: 'vera' }, await adminToken())
    await expect(vera.sendText('ulf', 'hello')).rejects.toThrow('1302')
    expect(await user('vera').newestSeqs()).toEqual({ si_ulf_vera: 1 })
  })
})
