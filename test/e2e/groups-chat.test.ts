import { beforeAll, describe, expect, it } from 'vitest'
import { type Client, messageFrom, received, receivedBy, totalUnread } from './rig/client.ts'
import {
  createGroup,
  eventually,
  expectConversation,
  expectHistory,
  groupChatID,
  groupHistory,
  sayTo,
  shownAs,
} from './rig/groups.ts'
import { nicknameOf, PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

const REVOKED = 2101

/** OpenIM's userID for a mention of all members. */
const EVERYBODY = 'AtAllTag'

describe.each(SDKS)('a group chat with the owner on %s', (sdk) => {
  let alice: Client
  let bob: Client
  let phone: Client
  let carol: Client
  let groupID: string
  const all = () => [alice, bob, phone, carol]

  beforeAll(async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const keepLoggedIn = { keepLoggedIn: true }
    ;[alice, bob, phone, carol] = await Promise.all([
      scene.device(sdk, aliceID, keepLoggedIn),
      scene.device(otherThan(sdk), bobID, keepLoggedIn),
      // A wasm device, because the JS SDK ignores what another device has read in a group.
      scene.wasm(bobID, { ...keepLoggedIn, platformID: PLATFORM.android }),
      scene.device('wasm-client-sdk', carolID, keepLoggedIn),
    ])
  })

  async function create(): Promise<void> {
    groupID = await createGroup(alice, { members: [bob.userID, carol.userID] })
    for (const device of all()) await expectHistory(device, groupID, [1501])
  }

  async function readAll(): Promise<void> {
    for (const device of [bob, phone, carol]) await expectUnread(device, 1)
    for (const device of [bob, carol]) await markRead(device)
    for (const device of all()) await expectUnread(device, 0)
  }

  const markRead = (device: Client) => device.call('markConversationMessageAsRead', groupChatID(groupID))

  const expectUnread = (device: Client, unreadCount: number) => expectConversation(device, groupID, { unreadCount })

  it('delivers each message once, in one order, with its sender', async () => {
    await create()
    const texts = ['hi all', 'hi', 'hello', 'from my phone']
    for (const [i, device] of [alice, bob, carol, phone].entries()) {
      const text = texts[i] ?? ''
      const sent = await sayTo(device, groupID, text)
      for (const other of all().filter((one) => one !== device)) {
        expect(await received(other, text)).toMatchObject({
          ...{ sendID: device.userID, senderNickname: nicknameOf(device.userID), sessionType: 3, seq: i + 2 },
          ...{ clientMsgID: sent.clientMsgID, serverMsgID: sent.serverMsgID, sendTime: sent.sendTime },
        })
        expect(receivedBy(other).filter((message) => message.text === text)).toHaveLength(1)
      }
    }
    for (const device of all()) await expectHistory(device, groupID, [1501, ...texts])
    expect(receivedBy(alice).map(({ text }) => text)).not.toContain('hi all')
  })

  it('counts unread messages of the group on every device, and in the total', async () => {
    await create()
    await readAll()
    const before = await totalUnread(bob)
    for (const text of ['one', 'two', 'three']) await sayTo(alice, groupID, text)
    for (const device of [bob, phone, carol]) await expectUnread(device, 3)
    await expectUnread(alice, 0)
    await expect.poll(() => totalUnread(bob)).toBe(before + 3)
    await markRead(bob)
    for (const device of [bob, phone]) await expectUnread(device, 0)
    await expectUnread(carol, 3)
    const later = await scene.device(sdk, carol.userID, { platformID: PLATFORM.ipad })
    await expectConversation(later, groupID, { unreadCount: 3, latest: 'three' })
  })

  it('delivers mentions of one member and of all members', async () => {
    await create()
    await readAll()
    const mention = async (text: string, userID: string) => {
      const atUsersInfo = [{ atUserID: userID, groupNickname: 'you' }]
      const message = await alice.call('createTextAtMessage', { text, atUserIDList: [userID], atUsersInfo })
      return messageFrom(await alice.call('sendMessage', { recvID: '', groupID, message }))
    }
    const mentionIn = async (device: Client, clientMsgID: string) =>
      (
        await device.events.until('the mention', () =>
          receivedBy(device).find((message) => message.clientMsgID === clientMsgID),
        )
      ).whole.atTextElem
    const { clientMsgID: toBob } = await mention('@you look', bob.userID)
    for (const device of [bob, phone, carol]) {
      expect(await mentionIn(device, toBob)).toMatchObject({ text: '@you look', atUserList: [bob.userID] })
    }
    const { clientMsgID: toAll } = await mention('@all look', EVERYBODY)
    for (const device of [bob, phone, carol]) {
      expect(await mentionIn(device, toAll)).toMatchObject({ text: '@all look', atUserList: [EVERYBODY] })
    }
  })

  it('shows who has read a message', async () => {
    await create()
    await sayTo(alice, groupID, 'who has read this?')
    for (const device of [bob, carol]) await received(device, 'who has read this?')
    await markRead(bob)
    const token = await scene.token(alice.userID, PLATFORM.web)
    const readers = async (filter: number) => {
      const pagination = { pageNumber: 1, showNumber: 10 }
      const asked = { conversationID: groupChatID(groupID), userID: alice.userID, seq: 2, filter, pagination }
      return (await scene.rest.post('/msg/get_group_message_readers', asked, { token })).data
    }
    await expect.poll(() => readers(0)).toEqual({ hasReadCount: 1, unreadCount: 1, userIDs: [bob.userID] })
    expect(await readers(1)).toEqual({ hasReadCount: 1, unreadCount: 1, userIDs: [carol.userID] })
  })

  it('lets members revoke their own messages, and the owner any message', async () => {
    await create()
    await sayTo(bob, groupID, 'a slip')
    await sayTo(carol, groupID, 'a blunder')
    for (const device of all()) await expectHistory(device, groupID, [1501, 'a slip', 'a blunder'])
    const revoke = async (by: Client, text: string) => {
      const message = (await groupHistory(by, groupID)).find((one) => one.text === text)
      await by.call('revokeMessage', { conversationID: groupChatID(groupID), clientMsgID: message?.clientMsgID })
    }
    await expect(revoke(carol, 'a slip')).rejects.toThrow()
    await revoke(bob, 'a slip')
    for (const device of all()) await expectHistory(device, groupID, [1501, REVOKED, 'a blunder'])
    await revoke(alice, 'a blunder')
    for (const device of all()) await expectHistory(device, groupID, [1501, REVOKED, REVOKED])
  })

  it('shows the same order of messages to all members when all send at the same time', async () => {
    await create()
    const texts = (i: number) => Array.from({ length: 8 }, (_, j) => `device ${i}, message ${j}`)
    await Promise.all(
      all().map(async (device, i) => {
        for (const text of texts(i)) await sayTo(device, groupID, text)
      }),
    )
    const orders = await Promise.all(
      all().map((device) =>
        eventually(
          device,
          () => groupHistory(device, groupID),
          (history) => history.length === 33 && history.every(({ seq }) => seq > 0),
          33,
        ),
      ),
    )
    const [first, ...others] = orders.map((history) => history.map(({ seq, clientMsgID }) => [seq, clientMsgID]))
    expect(first?.map(([seq]) => seq)).toEqual(Array.from({ length: 33 }, (_, i) => i + 1))
    for (const order of others) expect(order).toEqual(first)
    for (const i of all().keys()) {
      const own = orders[0]?.map(shownAs).filter((text) => `${text}`.startsWith(`device ${i},`))
      expect(own).toEqual(texts(i))
    }
  })
})
