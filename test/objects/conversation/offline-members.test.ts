import { abortAllDurableObjects } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { DeliveryResult } from '../../../src/contracts/user.ts'
import { ConversationObject } from '../../../src/objects/conversation/conversation-object.ts'
import { OfflineMembers } from '../../../src/objects/conversation/delivery/offline-members.ts'
import { ReorderBuffer } from '../../../src/objects/user/state/reorder-buffer.ts'
import { UserObject } from '../../../src/objects/user/user-object.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { GetMaxSeqReq, GetMaxSeqResp } from '../../../src/protocol/proto/index.ts'
import { founding } from '../../rigs/group-rig.ts'
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

/* Who is away is not brought what they will ask for when they are back. */

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

/** A receiver who is away and has been found so. */
async function acquainted(sendID: string, recvID: string): Promise<void> {
  await register(sendID, recvID)
  await say(sendID, recvID, 'first')
  await foundAway(1)
}

/** Waits until so many deliveries were answered: the caller has the answer a moment later. */
async function foundAway(count: number): Promise<void> {
  await until(() => deliveries.mock.results.length >= count)
  await Promise.all(deliveries.mock.results.map(({ value }) => value))
  await new Promise((resolve) => setTimeout(resolve, 50))
}

describe('a member who is away', () => {
  it('is brought the first message, and finds the others at the next sync', async () => {
    await acquainted('ada', 'bob')
    for (const clientMsgID of ['second', 'third']) await say('ada', 'bob', clientMsgID)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(deliveries).toHaveBeenCalledTimes(1)
    expect(await user('bob').newestSeqs()).toEqual({ si_ada_bob: 3 })
  })

  it('is brought one again after each sync, whoever made it', async () => {
    await acquainted('cleo', 'dirk')
    expect(await user('dirk').newestSeqs()).toEqual({ si_cleo_dirk: 1 })
    await say('cleo', 'dirk', 'second')
    await foundAway(2)
    await say('cleo', 'dirk', 'third')
    expect(await user('dirk').newestSeqs()).toEqual({ si_cleo_dirk: 3 })
    expect(deliveries).toHaveBeenCalledTimes(2)
  })

  it('is pushed what comes after a device has connected, before that device has asked for anything', async () => {
    await acquainted('eva', 'finn')
    await say('eva', 'finn', 'second')
    const finn = await Device.connect('finn')
    await finn.handshake()
    await say('eva', 'finn', 'third')
    expect(await finn.receivedTexts(1)).toEqual(['third'])
    expect(await user('finn').newestSeqs()).toEqual({ si_eva_finn: 3 })
  })

  it('is brought what comes after a message of their own that their devices were given', async () => {
    await acquainted('gil', 'hugo')
    await say('hugo', 'gil', 'mine')
    await foundAway(2)
    await say('gil', 'hugo', 'second')
    await foundAway(3)
    expect(deliveries).toHaveBeenCalledTimes(3)
  })

  it('is pushed what comes after the connect, though the question at the connect failed once', async () => {
    await acquainted('ida', 'jan')
    const questions = vi.spyOn(ConversationObject.prototype, 'state')
    questions.mockImplementationOnce(() => Promise.reject(new Error('not now')))
    const jan = await Device.connect('jan')
    await jan.handshake()
    await until(() => questions.mock.results.length >= 2)
    await Promise.all(questions.mock.results.slice(1).map(({ value }) => value))
    questions.mockRestore()
    await say('ida', 'jan', 'second')
    expect(await jan.receivedTexts(1)).toEqual(['second'])
  })

  it('has the conversation asked once when a device connects and syncs at once', async () => {
    await acquainted('kim', 'leo')
    const questions = vi.spyOn(ConversationObject.prototype, 'state')
    const leo = await Device.connect('leo')
    const answer = await leo.request(WsRequestID.GetNewestSeq, GetMaxSeqReq.encode({ userID: 'leo' }).finish())
    expect(GetMaxSeqResp.decode(answer.data).maxSeqs).toEqual({ si_kim_leo: 1 })
    expect(questions).toHaveBeenCalledTimes(1)
    questions.mockRestore()
  })

  it('gets what comes after the connect without a wait for what was spared', async () => {
    await acquainted('lia', 'max')
    await say('lia', 'max', 'second')
    const max = await Device.connect('max')
    await max.handshake()
    // What is given up is what was waited for.
    const givenUp = vi.spyOn(ReorderBuffer.prototype, 'flushOverdue')
    await say('lia', 'max', 'third')
    expect(await max.receivedTexts(1)).toEqual(['third'])
    expect(givenUp).not.toHaveBeenCalled()
    givenUp.mockRestore()
  })

  it('is brought everything behind what is on its way', async () => {
    await register('mona', 'nick')
    const brought: number[][] = []
    let answered = 0
    deliveries.mockImplementation(async ({ messages }) => {
      const call = brought.push(messages.map(({ seq }) => seq))
      while (answered < call) await new Promise((resolve) => setTimeout(resolve, 5))
      return { ok: true, value: 'marked' }
    })
    await say('mona', 'nick', 'first')
    await until(() => brought.length === 1)
    await say('mona', 'nick', 'second')
    answered = 1
    await until(() => brought.length === 2)
    await say('mona', 'nick', 'third')
    answered = 3
    await until(() => brought.length === 3)
    expect(brought).toEqual([[1], [2], [3]])
  })

  it('is brought what was said while the conversation was out of memory or has been again', async () => {
    await acquainted('ines', 'jon')
    await say('ines', 'jon', 'second')
    await abortAllDurableObjects()
    await say('ines', 'jon', 'third')
    await foundAway(2)
    const jon = await Device.connect('jon')
    await jon.handshake()
    await say('ines', 'jon', 'fourth')
    expect((await jon.receivedTexts(1)).at(-1)).toBe('fourth')
    expect(await user('jon').newestSeqs()).toEqual({ si_ines_jon: 4 })
  })

  it('is not brought what is not stored either, such as typing', async () => {
    await acquainted('kai', 'lea')
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

  it('is brought a message of the other log, where nothing is marked yet', async () => {
    await acquainted('mia', 'noa')
    await conversation('si_mia_noa').append([
      appendItem({ sendID: 'mia', recvID: 'noa', clientMsgID: 'told', contentType: 1201, log: 'notification' }),
    ])
    await foundAway(2)
    expect(deliveries).toHaveBeenCalledTimes(2)
    expect(await user('noa').newestSeqs()).toEqual({ si_mia_noa: 1, n_mia_noa: 1 })
  })

  it('has a conversation again that was deleted, by the next message and by nothing that came before', async () => {
    await acquainted('olaf', 'pia')
    const listed = async () => (await user('pia').conversations(null)).map(({ conversationID }) => conversationID)
    expect(await listed()).toEqual(['si_olaf_pia'])
    await user('pia').deleteConversations(['si_olaf_pia'])
    expect(await user('pia').newestSeqs()).toEqual({ si_olaf_pia: 1 })
    expect(await listed()).toEqual([])
    await say('olaf', 'pia', 'second')
    await foundAway(2)
    expect(await listed()).toEqual(['si_olaf_pia'])
    await user('pia').deleteConversations(['si_olaf_pia'])
    await say('olaf', 'pia', 'third')
    await foundAway(3)
    expect(await listed()).toEqual(['si_olaf_pia'])
  })

  it('keeps a conversation that was deleted while a message came', async () => {
    await acquainted('remy', 'rob')
    const state = ConversationObject.prototype.state
    const questions = vi.spyOn(ConversationObject.prototype, 'state')
    questions.mockImplementationOnce(async function (this: ConversationObject, ...args) {
      const answer = await state.apply(this, args)
      await say('remy', 'rob', 'second')
      await foundAway(2)
      return answer
    })
    await user('rob').deleteConversations(['si_remy_rob'])
    questions.mockRestore()
    expect(await user('rob').conversations(null)).toMatchObject([{ conversationID: 'si_remy_rob' }])
  })

  it('of a group costs it no call, and the others get everything', async () => {
    await register('quin', 'rosa', 'sam')
    const group = conversation('sg_three')
    await group.changeGroup(founding('three', ['quin', 'rosa', 'sam']))
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
    await foundAway(1)
    deliveries.mockClear()
    for (const clientMsgID of ['second', 'third', 'fourth']) {
      await write(clientMsgID)
      await until(() => texts().includes(clientMsgID))
    }
    await foundAway(3)
    expect(deliveries).toHaveBeenCalledTimes(3)
    expect((await user('sam').newestSeqs()).sg_three).toBe(5)
  })
})

describe('a delivery that found nobody', () => {
  it('says nothing of who has come before its answer did', async () => {
    const spared = new OfflineMembers()
    const call = Promise.withResolvers<DeliveryResult>()
    const watched = spared.track('bob', 'chat', call.promise)
    spared.resume('bob')
    call.resolve('marked')
    await watched
    expect(spared.skips('bob', 'chat', 1)).toBe(false)
    await spared.track('bob', 'chat', Promise.resolve('marked'))
    expect(spared.skips('bob', 'chat', 2)).toBe(true)
    expect(spared.skips('bob', 'notification', 1)).toBe(false)
    expect(spared.skips('bob', 'notification', 0)).toBe(true)
  })

  it('is the last word only until another finds somebody, or fails to leave a mark', async () => {
    const spared = new OfflineMembers()
    for (const reception of ['listens', 'away'] as const) {
      await spared.track('bob', 'chat', Promise.resolve('marked'))
      await spared.track('bob', 'notification', Promise.resolve(reception))
      expect(spared.skips('bob', 'chat', 2)).toBe(false)
    }
  })

  it('that failed leaves what was known', async () => {
    const spared = new OfflineMembers()
    await spared.track('bob', 'chat', Promise.resolve('marked'))
    await expect(spared.track('bob', 'chat', Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    expect(spared.skips('bob', 'chat', 2)).toBe(true)
  })
})

describe('a message that is refused', () => {
  it('leaves the mark of one that came before it', async () => {
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
