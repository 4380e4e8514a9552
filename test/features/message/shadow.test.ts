import { beforeEach, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { adminToken, post, register, textMessage, until, user } from '../../rigs/rig.ts'
import { expectSameAsFresh, Shadow } from '../../rigs/shadow.ts'

/*
 * After every change by a backend or a device, devices that were online all the time have the same state as a device
 * that connects now and fetches everything. Tests of single calls check this too; here are the calls without such a
 * test.
 */

let next = 0
let alice: Shadow
let alicesPhone: Shadow
let bob: Shadow
let chat: string

beforeEach(async () => {
  const [a, b] = [`alice_${next}`, `bob_${next++}`]
  await register(a, b)
  alice = await Shadow.online(a)
  alicesPhone = await Shadow.online(a, 2)
  bob = await Shadow.online(b)
  chat = `si_${a}_${b}`
})

const all = () => [alice, alicesPhone, bob]
const app = async (path: string, body: object) => {
  const reply = await post(path, body, await adminToken())
  expect(reply).toMatchObject({ errCode: 0 })
  return reply.data
}
const text = (given: object = {}) => ({
  ...{ sendID: alice.userID, recvID: bob.userID, contentType: 101, sessionType: 1, content: { content: 'hello' } },
  ...given,
})
const allReceive = (count: number) => until(() => all().every(({ device }) => device.received().length >= count))
const receives = (shadow: Shadow, contentType: number) =>
  until(() => shadow.device.received().some(({ msg }) => msg.contentType === contentType))

describe('the state of an online device', () => {
  it('equals a full fetch after a backend sent messages in the name of both users', async () => {
    await app('/msg/send_msg', text())
    await app('/msg/send_msg', text({ sendID: bob.userID, recvID: alice.userID }))
    await app('/msg/batch_send_msg', { ...text(), recvIDs: [bob.userID] })
    await allReceive(3)
    await expectSameAsFresh(...all())
  })

  it('equals a full fetch after messages that are for online devices only', async () => {
    await app('/msg/send_msg', text())
    await app('/msg/send_msg', text({ sendID: bob.userID, recvID: alice.userID, isOnlineOnly: true }))
    const typing = textMessage(bob.userID, alice.userID, 'typing', 'yes', {
      ...{ contentType: 113, options: { history: false } },
    })
    await bob.device.request(WsRequestID.SendMsg, typing)
    await until(() => alice.device.received().length === 3)
    await expectSameAsFresh(...all())
    expect((await user(alice.userID).seqViews([chat]))[0]).toMatchObject({ maxSeq: 1 })
  })

  it('equals a full fetch after messages of a notification account were read and deleted', async () => {
    const news = `news_${next}`
    await app('/user/add_notification_account', { userID: news, nickName: 'News', appMangerLevel: 3 })
    const content = { notificationName: 'N', notificationType: 1, text: 'hello', mixType: 0 }
    for (let i = 0; i < 3; i++) {
      await app('/msg/send_msg', text({ sendID: news, recvID: alice.userID, contentType: 1400, content }))
    }
    await until(() => [alice, alicesPhone].every(({ device }) => device.received().length === 3))
    await expectSameAsFresh(alice, alicesPhone)
    const conversationID = [alice.userID, news].sort().join('_')
    const own = { userID: alice.userID, conversationID: `sn_${conversationID}` }
    await app('/msg/mark_conversation_as_read', { ...own, hasReadSeq: 2 })
    await app('/msg/delete_msgs', { ...own, seqs: [1], deleteSyncOpt: { IsSyncSelf: true } })
    await receives(alicesPhone, 2102)
    await expectSameAsFresh(alice, alicesPhone)
  })

  it('equals a full fetch after business notifications, stored in the chat or not', async () => {
    const notification = { key: 'k', data: 'd', sendUserID: alice.userID, recvUserID: bob.userID }
    await app('/msg/send_business_notification', notification)
    await app('/msg/send_business_notification', { ...notification, reliabilityLevel: 2 })
    await app('/msg/send_business_notification', { ...notification, sendMsg: true })
    await allReceive(4)
    await expectSameAsFresh(...all())
  })

  it('equals a full fetch after a backend raised the min seq of a user', async () => {
    for (let i = 0; i < 3; i++) await app('/msg/send_msg', text({ sendID: bob.userID, recvID: alice.userID }))
    await allReceive(3)
    await app('/msg/set_user_conversation_min_seq', { userID: alice.userID, conversationID: chat, minSeq: 3 })
    await receives(alicesPhone, 1300)
    expect(Object.keys((await alicesPhone.known()).messages[chat] ?? {})).toEqual(['3'])
    await expectSameAsFresh(...all())
  })

  it('equals a full fetch after a profile or its receive option changed', async () => {
    const self = { userID: alice.userID }
    await post('/user/update_user_info_ex', { userInfo: { ...self, nickname: 'A', ex: 'x' } }, alice.token)
    await app('/user/update_user_info', { userInfo: { ...self, faceURL: 'https://x/new.png' } })
    await post('/user/set_global_msg_recv_opt', { ...self, globalRecvMsgOpt: 2 }, alice.token)
    await until(async () => (await alicesPhone.known()).self?.globalRecvMsgOpt === 2)
    expect((await alicesPhone.known()).self).toMatchObject({ nickname: 'A', ex: 'x', faceURL: 'https://x/new.png' })
    await expectSameAsFresh(...all())
  })

  it('equals a full fetch after reads, deletes, revokes and settings at the same time', async () => {
    const texts = Array.from({ length: 5 }, (_, i) => `text ${i}`)
    await Promise.all(
      texts.flatMap((words) => [alice.device.sendText(bob.userID, words), bob.device.sendText(alice.userID, words)]),
    )
    await allReceive(10)
    const bobs = { userID: bob.userID, conversationID: chat }
    const alices = { userID: alice.userID, conversationID: chat }
    const settings = { conversationID: chat, conversationType: 1, userID: bob.userID, isPinned: true }
    await Promise.all([
      post('/msg/mark_conversation_as_read', { ...bobs, hasReadSeq: 10 }, bob.token),
      post('/msg/mark_msgs_as_read', { ...alices, seqs: [2, 4] }, alice.token),
      post('/msg/delete_msgs', { ...alices, seqs: [3], deleteSyncOpt: { IsSyncSelf: true } }, alice.token),
      post('/msg/delete_msgs', { ...bobs, seqs: [5], deleteSyncOpt: { IsSyncOther: true } }, bob.token),
      app('/msg/revoke_msg', { userID: 'imAdmin', conversationID: chat, seq: 7 }),
      post('/conversation/set_conversations', { userIDs: [alice.userID], conversation: settings }, alice.token),
    ])
    for (const shadow of all()) for (const kind of [2101, 2102, 2200]) await receives(shadow, kind)
    await receives(alicesPhone, 1300)
    await expectSameAsFresh(...all())
  })
})
