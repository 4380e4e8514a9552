import { describe, expect, it } from 'vitest'
import { expectChats } from './rig/chats.ts'
import { received, receivedBy, send, wholeHistory } from './rig/client.ts'
import type { SdkEvent } from './rig/journal.ts'
import type { Envelope } from './rig/rest.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

describe("an app's backend", () => {
  it('sends a message as alice that arrives at bob on both SDKs and on her own devices', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, web, desk] = await Promise.all([
      scene.js(aliceID),
      scene.wasm(bobID),
      scene.js(bobID, { platformID: PLATFORM.linux }),
    ])
    const sent = await asBackend('/msg/send_msg', {
      sendID: aliceID,
      recvID: bobID,
      senderNickname: 'Alice (automatic)',
      contentType: 101,
      sessionType: 1,
      content: { content: 'I am on holiday' },
    })
    for (const device of [alice, web, desk]) {
      expect(await received(device, 'I am on holiday')).toMatchObject({ sendID: aliceID, recvID: bobID, seq: 1 })
      expect(device.errors).toEqual([])
    }
    await send(web, aliceID, 'createTextMessage', 'enjoy!')
    await received(alice, 'enjoy!')
    expect((await wholeHistory(desk, aliceID, 2)).map(({ text }) => text)).toEqual(['I am on holiday', 'enjoy!'])
    expect(sent.data).toMatchObject({ serverMsgID: (await received(web, 'I am on holiday')).serverMsgID })
  })

  it('sends a message to many users, and each of them gets the message once', async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const [bob, carol] = await Promise.all([scene.wasm(bobID), scene.js(carolID)])
    await asBackend('/msg/batch_send_msg', {
      sendID: aliceID,
      recvIDs: [bobID, carolID],
      contentType: 110,
      sessionType: 1,
      content: { data: '{"sale":true}', description: 'all must go', extension: '' },
    })
    const alice = await scene.raw(aliceID)
    for (const device of [bob, carol]) {
      await alice.deliverText(device.userID, 'and now for something else')
      await received(device, 'and now for something else')
      const [first, ...rest] = receivedBy(device)
      expect(first?.whole.customElem).toMatchObject({ data: '{"sale":true}', description: 'all must go' })
      expect(rest.map(({ text }) => text)).toEqual(['and now for something else'])
    }
  })

  it('sends business notifications that arrive as events, and stores them only when asked to', async () => {
    const [bobID] = await scene.users('bob')
    const [web, desk] = await Promise.all([scene.wasm(bobID), scene.js(bobID, { platformID: PLATFORM.linux })])
    const sendUserID = 'imAdmin'
    const tell = (key: string, reliabilityLevel: number) =>
      asBackend('/msg/send_business_notification', {
        sendUserID,
        recvUserID: bobID,
        key,
        data: '{"order":7}',
        reliabilityLevel,
      })
    await tell('order.paid', 1)
    for (const device of [web, desk]) {
      const { data } = await device.waitFor('OnRecvCustomBusinessMessage')
      expect(typeof data === 'string' ? JSON.parse(data) : data).toEqual({ key: 'order.paid', data: '{"order":7}' })
    }
    await web.goOffline()
    await tell('missed', 1)
    await tell('kept', 2)
    const { mark } = web.events
    await scene.reopen(web)
    const isKept = ({ data }: SdkEvent) => JSON.stringify(data).includes('kept')
    await web.waitFor('OnRecvCustomBusinessMessage', isKept, undefined, mark)
    // Notifications arrive in order: with this one, every earlier one has arrived.
    await tell('shipped', 1)
    const isLast = ({ data }: SdkEvent) => JSON.stringify(data).includes('shipped')
    await web.waitFor('OnRecvCustomBusinessMessage', isLast, undefined, mark)
    const after = web.events.all.slice(mark).filter(({ event }) => event === 'OnRecvCustomBusinessMessage')
    expect(after.map(({ data }) => JSON.stringify(data).match(/missed|kept|shipped/)?.[0])).toEqual(['kept', 'shipped'])
  })

  it('sends from a notification account into one conversation, with a name and a face per message', async () => {
    const [bobID] = await scene.users('bob')
    const account = { userID: `shop${bobID}`, nickName: 'The Shop', faceURL: 'https://faces.example/shop.png' }
    await asBackend('/user/add_notification_account', { ...account, appMangerLevel: 3 })
    const notify = (notificationName: string, text: string) =>
      asBackend('/msg/send_msg', {
        sendID: account.userID,
        recvID: bobID,
        senderNickname: notificationName,
        senderFaceURL: `https://faces.example/${notificationName}.png`,
        contentType: 1400,
        sessionType: 4,
        content: {
          notificationName,
          notificationFaceURL: `https://faces.example/${notificationName}.png`,
          notificationType: 1,
          text,
          externalUrl: 'https://shop.example',
          mixType: 0,
        },
      })
    const web = await scene.wasm(bobID)
    await notify('Orders', 'your order is on its way')
    await notify('Offers', 'half price today')
    // The JS SDK counts a message twice when its sync has counted it already and its push comes later.
    await web.events.until('both notifications', () => (receivedBy(web).length >= 2 ? true : null))
    const desk = await scene.js(bobID, { platformID: PLATFORM.linux })
    for (const device of [web, desk]) {
      await expectChats(device, [{ conversationType: 4, userID: account.userID, unreadCount: 2 }])
    }
    await notify('Orders', 'your order has arrived')
    for (const device of [web, desk]) {
      const arrived = await device.events.until('the third notification', () =>
        receivedBy(device).find(({ whole }) => JSON.stringify(whole.notificationElem).includes('has arrived')),
      )
      expect(arrived).toMatchObject({ contentType: 1400, sessionType: 4, senderNickname: 'Orders', seq: 3 })
      expect(arrived.whole.senderFaceUrl).toBe('https://faces.example/Orders.png')
      expect(device.errors).toEqual([])
    }
  })
})

async function asBackend(path: string, body: object): Promise<Envelope<unknown>> {
  const answer = await scene.rest.post(path, body, { token: await scene.rest.adminToken() })
  expect(answer, JSON.stringify(answer)).toMatchObject({ errCode: 0 })
  return answer
}
