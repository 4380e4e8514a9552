import { runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import { Members } from '../../../src/objects/conversation/state/members.ts'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import type { MsgData } from '../../../src/protocol/proto/index.ts'
import { waitForStrayPushes } from '../../rigs/group-shadow.ts'
import {
  adminToken,
  bindings,
  conversation,
  type Device,
  post,
  register,
  textMessage,
  until,
  user,
} from '../../rigs/rig.ts'
import { expectSameAsFresh, Shadow } from '../../rigs/shadow.ts'

let next = 0
let alice: Shadow
let bob: Shadow
let bobsLaptop: Shadow
let chat: string

/** Each test has its own pair of users, with three messages from alice and one from bob. */
beforeEach(async () => {
  const [a, b] = [`alice_${next}`, `bob_${next++}`]
  await register(a, b)
  alice = await Shadow.online(a)
  bob = await Shadow.online(b)
  bobsLaptop = await Shadow.online(b, 3)
  chat = `si_${a}_${b}`
  for (const text of ['one', 'two', 'three']) await alice.device.sendText(b, text)
  await bob.device.sendText(a, 'four')
  await until(() => [alice, bob, bobsLaptop].every(({ device }) => device.received().length === 4))
})

const call = (shadow: Shadow, path: string, body: object) =>
  post(path, { userID: shadow.userID, ...body }, shadow.token)

const notices = (device: Device, contentType: number): MsgData[] =>
  device
    .received()
    .filter(({ conversationID, msg }) => conversationID.startsWith('n_') && msg.contentType === contentType)
    .map(({ msg }) => msg)

const detailOf = (msg: MsgData | undefined) => JSON.parse(JSON.parse(new TextDecoder().decode(msg?.content)).detail)

describe('marking a one-to-one chat as read', () => {
  it('sends a stored receipt with the newly read seqs to both users', async () => {
    const reply = await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, hasReadSeq: 3, seqs: [3] })
    expect(reply).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    await until(() => notices(alice.device, ContentType.HasReadReceipt).length === 1)
    const [receipt] = notices(alice.device, ContentType.HasReadReceipt)
    expect(receipt).toMatchObject({ sendID: bob.userID, recvID: alice.userID, seq: 1 })
    expect(detailOf(receipt)).toEqual({
      markAsReadUserID: bob.userID,
      conversationID: chat,
      seqs: [1, 2, 3],
      hasReadSeq: 3,
    })
    await until(() => notices(bobsLaptop.device, ContentType.HasReadReceipt).length === 1)
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('reports at most the newest 10,000 messages as newly read', async () => {
    await runInDurableObject(bindings.CONVERSATION.getByName(chat), (_object, state) => {
      const newlyRead = new Members(state.storage.sql).read(bob.userID, 1_000_000, [])
      expect([newlyRead.length, newlyRead[0], newlyRead.at(-1)]).toEqual([10_000, 990_001, 1_000_000])
    })
  })

  it('reports the messages that are still unread when the whole conversation is marked as read', async () => {
    await call(bob, '/msg/mark_msgs_as_read', { conversationID: chat, seqs: [2] })
    await until(() => notices(alice.device, ContentType.HasReadReceipt).length === 1)
    expect(detailOf(notices(alice.device, ContentType.HasReadReceipt)[0])).toMatchObject({ seqs: [2], hasReadSeq: 2 })
    await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, hasReadSeq: 3 })
    await until(() => notices(alice.device, ContentType.HasReadReceipt).length === 2)
    expect(detailOf(notices(alice.device, ContentType.HasReadReceipt)[1])).toMatchObject({
      seqs: [1, 3],
      hasReadSeq: 3,
    })
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('raises the read seq without a receipt to the peer (set_conversation_has_read_seq)', async () => {
    await call(bob, '/msg/set_conversation_has_read_seq', { conversationID: chat, hasReadSeq: 2 })
    await until(() => notices(bobsLaptop.device, ContentType.HasReadReceipt).length === 1)
    expect(detailOf(notices(bobsLaptop.device, ContentType.HasReadReceipt)[0])).toMatchObject({
      seqs: [],
      hasReadSeq: 2,
    })
    expect(notices(alice.device, ContentType.HasReadReceipt)).toEqual([])
    await expectSameAsFresh(alice, bob, bobsLaptop)
    // A later mark_conversation_as_read still sends the receipt.
    await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, hasReadSeq: 3 })
    await until(() => notices(alice.device, ContentType.HasReadReceipt).length === 1)
    expect(detailOf(notices(alice.device, ContentType.HasReadReceipt)[0])).toMatchObject({ seqs: [1, 2, 3] })
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it.each([0, -1, 5])('refuses seq %i in set_conversation_has_read_seq', async (hasReadSeq) => {
    const reply = await call(bob, '/msg/set_conversation_has_read_seq', { conversationID: chat, hasReadSeq })
    expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('seq') })
  })

  it('does not lower the read seq', async () => {
    await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, hasReadSeq: 4 })
    await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, hasReadSeq: 1 })
    expect(await user(bob.userID).seqViews([chat])).toMatchObject([{ hasReadSeq: 4 }])
  })

  it.each([
    ['a seq above the newest message', { hasReadSeq: 99 }, 1001],
    ['seq 0', { hasReadSeq: 0 }, 1001],
    ['a conversation that the user does not have', { hasReadSeq: 1, conversationID: 'si_x_y' }, 1004],
    ['the notification log', { hasReadSeq: 1, conversationID: 'n_x_y' }, 1001],
  ])('refuses %s', async (_what, given, code) => {
    expect((await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, ...given })).errCode).toBe(code)
  })

  it('refuses the account of another user', async () => {
    const body = { conversationID: chat, hasReadSeq: 1, userID: alice.userID }
    expect((await call(bob, '/msg/mark_conversation_as_read', body)).errCode).toBe(1002)
  })
})

describe('revoke_msg', () => {
  it('replaces the message by a revoke notice on online devices and on new devices', async () => {
    expect((await call(alice, '/msg/revoke_msg', { conversationID: chat, seq: 2 })).errCode).toBe(0)
    await until(() =>
      [alice, bob, bobsLaptop].every((s) => notices(s.device, ContentType.MsgRevokeNotification).length === 1),
    )
    expect(detailOf(notices(bob.device, ContentType.MsgRevokeNotification)[0])).toMatchObject({
      revokerUserID: alice.userID,
      clientMsgID: `${alice.userID}-two`,
      sesstionType: 1,
      seq: 2,
      conversationID: chat,
      isAdminRevoke: false,
    })
    const known = await bob.known()
    expect(known.messages[chat]?.[2]).toMatchObject({ contentType: ContentType.MsgRevokeNotification })
    expect(JSON.parse(JSON.parse(known.messages[chat]?.[2]?.content ?? '').detail)).toMatchObject({
      revokerID: alice.userID,
      revokerNickname: `nick of ${alice.userID}`,
      sourceMessageSendID: alice.userID,
      seq: 2,
    })
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('removes the quoted text from messages that quote the revoked one', async () => {
    const quote = {
      text: 'indeed',
      quoteMessage: { clientMsgID: `${alice.userID}-one`, contentType: 101, textElem: { content: 'one' } },
    }
    await bob.device.request(
      1003,
      textMessage(bob.userID, alice.userID, 'quote', '', {
        contentType: ContentType.Quote,
        content: new TextEncoder().encode(JSON.stringify(quote)),
      }),
    )
    await call(alice, '/msg/revoke_msg', { conversationID: chat, seq: 1 })
    const { messages } = await conversation(chat).readSeqs('chat', { userID: bob.userID, minSeq: 0, maxSeq: 0 }, [5])
    expect(new TextDecoder().decode(messages[0]?.msg)).not.toContain('"content":"one"')
    expect(new TextDecoder().decode(messages[0]?.msg)).toContain('indeed')
    await until(() => notices(alice.device, ContentType.MsgRevokeNotification).length === 1)
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('allows only the sender and administrators', async () => {
    expect((await call(bob, '/msg/revoke_msg', { conversationID: chat, seq: 1 })).errCode).toBe(1002)
    const byAdmin = await post(
      '/msg/revoke_msg',
      { conversationID: chat, seq: 1, userID: 'imAdmin' },
      await adminToken(),
    )
    expect(byAdmin.errCode).toBe(0)
    await until(() => [alice, bob].every((s) => notices(s.device, ContentType.MsgRevokeNotification).length === 1))
    expect(detailOf(notices(alice.device, ContentType.MsgRevokeNotification)[0])).toMatchObject({ isAdminRevoke: true })
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it("reports an administrator who revokes in the sender's name", async () => {
    const body = { conversationID: chat, seq: 1, userID: alice.userID }
    expect((await post('/msg/revoke_msg', body, await adminToken())).errCode).toBe(0)
    await until(() => notices(bob.device, ContentType.MsgRevokeNotification).length === 1)
    expect(detailOf(notices(bob.device, ContentType.MsgRevokeNotification)[0])).toMatchObject({
      revokerUserID: alice.userID,
      isAdminRevoke: true,
    })
  })

  it('refuses a message that is revoked already or does not exist', async () => {
    await call(alice, '/msg/revoke_msg', { conversationID: chat, seq: 1 })
    expect((await call(alice, '/msg/revoke_msg', { conversationID: chat, seq: 1 })).errCode).toBe(1404)
    expect((await call(alice, '/msg/revoke_msg', { conversationID: chat, seq: 99 })).errCode).toBe(1004)
    expect((await call(alice, '/msg/revoke_msg', { conversationID: 'si_x_y', seq: 1 })).errCode).toBe(1004)
    // The newest message keeps its row when it is erased.
    await post('/msg/delete_msg_phsical_by_seq', { conversationID: chat, seqs: [3, 4] }, await adminToken())
    expect((await call(alice, '/msg/revoke_msg', { conversationID: chat, seq: 3 })).errCode).toBe(1004)
    expect((await call(bob, '/msg/revoke_msg', { conversationID: chat, seq: 4 })).errCode).toBe(1004)
  })
})

describe('deleting messages', () => {
  it("hides the messages on all of the user's own devices, but not from the peer", async () => {
    await call(bob, '/msg/delete_msgs', { conversationID: chat, seqs: [2], deleteSyncOpt: { IsSyncSelf: true } })
    await until(() =>
      [bob, bobsLaptop].every((s) => notices(s.device, ContentType.DeleteMsgsNotification).length === 1),
    )
    expect((await bob.known()).messages[chat]).not.toHaveProperty('2')
    expect((await alice.known()).messages[chat]).toHaveProperty('2')
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('sends no notification without an option, but a new device does not get the messages', async () => {
    await call(bob, '/msg/delete_msgs', { conversationID: chat, seqs: [1, 2] })
    const fresh = await (await Shadow.online(bob.userID, 7)).known()
    expect(Object.keys(fresh.messages[chat] ?? {})).toEqual(['3', '4'])
    expect(notices(bob.device, ContentType.DeleteMsgsNotification)).toEqual([])
  })

  it('does not delete messages that do not exist yet', async () => {
    expect((await call(bob, '/msg/delete_msgs', { conversationID: chat, seqs: [5, 6] })).errCode).toBe(0)
    await alice.device.sendText(bob.userID, 'five')
    await until(() => bob.device.received().length === 5)
    expect((await bob.known()).messages[chat]).toHaveProperty('5')
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('erases the messages for all members with IsSyncOther', async () => {
    await call(alice, '/msg/delete_msgs', { conversationID: chat, seqs: [2, 4], deleteSyncOpt: { isSyncOther: true } })
    await until(() =>
      [alice, bob, bobsLaptop].every((s) => notices(s.device, ContentType.DeleteMsgsNotification).length === 1),
    )
    await expectSameAsFresh(alice, bob, bobsLaptop)
    // The newest message was erased too; the next seq still follows it.
    await alice.device.sendText(bob.userID, 'five')
    expect((await user(alice.userID).seqViews([chat]))[0]).toMatchObject({ maxSeq: 5 })
  })

  it('requires an administrator to delete physically', async () => {
    const body = { conversationID: chat, seqs: [1] }
    expect((await call(alice, '/msg/delete_msg_phsical_by_seq', body)).errCode).toBe(1002)
    expect((await post('/msg/delete_msg_phsical_by_seq', body, await adminToken())).errCode).toBe(0)
    const fresh = await (await Shadow.online(alice.userID, 7)).known()
    expect(Object.keys(fresh.messages[chat] ?? {})).toEqual(['2', '3', '4'])
  })
})

describe('erasing by age', () => {
  it('requires an administrator, and keeps newer messages', async () => {
    const { msg } = alice.device.received()[2] ?? {}
    const body = { conversationIDs: [chat], timestamp: msg?.sendTime }
    expect((await call(alice, '/msg/delete_msg_physical', body)).errCode).toBe(1002)
    expect((await post('/msg/delete_msg_physical', body, await adminToken())).errCode).toBe(0)
    const fresh = await (await Shadow.online(alice.userID, 7)).known()
    expect(Object.keys(fresh.messages[chat] ?? {})).toEqual(['4'])
  })

  it('continues with the next seq after all messages were erased', async () => {
    await post(
      '/msg/delete_msg_physical',
      { conversationIDs: [chat], timestamp: Date.now() + 1000 },
      await adminToken(),
    )
    const fresh = await (await Shadow.online(bob.userID, 7)).known()
    expect(fresh.messages[chat] ?? {}).toEqual({})
    await alice.device.sendText(bob.userID, 'five')
    await until(() => bob.device.received().some(({ msg }) => msg.seq === 5))
  })
})

describe('get_group_message_readers', () => {
  it('answers readers or non-readers, with both counts', async () => {
    const readers = async (seq: number, filter: number) =>
      (
        await call(alice, '/msg/get_group_message_readers', {
          conversationID: chat,
          seq,
          filter,
          pagination: { pageNumber: 1, showNumber: 10 },
        })
      ).data
    expect(await readers(2, 0)).toEqual({ hasReadCount: 0, unreadCount: 1, userIDs: [] })
    expect(await readers(2, 1)).toEqual({ hasReadCount: 0, unreadCount: 1, userIDs: [bob.userID] })
    await call(bob, '/msg/mark_conversation_as_read', { conversationID: chat, hasReadSeq: 2 })
    expect(await readers(2, 0)).toEqual({ hasReadCount: 1, unreadCount: 0, userIDs: [bob.userID] })
    expect(await readers(3, 0)).toEqual({ hasReadCount: 0, unreadCount: 1, userIDs: [] })
  })

  it('refuses users who are not members', async () => {
    await register(`stranger_${next}`)
    const stranger = await Shadow.online(`stranger_${next}`)
    const body = { conversationID: chat, seq: 1, filter: 0, pagination: { pageNumber: 1, showNumber: 10 } }
    expect((await call(stranger, '/msg/get_group_message_readers', body)).errCode).toBe(1004)
  })
})

describe('clearing a conversation', () => {
  it("clears the conversation on all of the user's own devices", async () => {
    await call(bob, '/msg/clear_conversation_msg', { conversationIDs: [chat, 'si_not_mine'] })
    await until(() => notices(bobsLaptop.device, ContentType.ConversationChangeNotification).length === 1)
    expect((await bob.known()).messages[chat] ?? {}).toEqual({})
    expect((await alice.known()).messages[chat]).toHaveProperty('1')
    await expectSameAsFresh(alice, bob, bobsLaptop)
    await alice.device.sendText(bob.userID, 'new start')
    await until(() => bob.device.received().some(({ msg }) => msg.seq === 5))
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it.each([
    ['clear_conversation_msg', () => ({ conversationIDs: [chat] })],
    ['clear_conversation_msg', () => ({ conversationIDs: [chat], deleteSyncOpt: { IsSyncSelf: true } })],
    ['user_clear_all_msg', () => ({})],
  ])('counts its messages as read, and sends one receipt to the peer: %s %#', async (verb, body) => {
    expect((await call(bob, `/msg/${verb}`, body())).errCode).toBe(0)
    await until(() => notices(alice.device, ContentType.HasReadReceipt).length === 1)
    const [receipt] = notices(alice.device, ContentType.HasReadReceipt)
    expect(receipt).toMatchObject({ sendID: bob.userID, recvID: alice.userID, seq: 1 })
    const detail = { markAsReadUserID: bob.userID, conversationID: chat, seqs: [1, 2, 3], hasReadSeq: 4 }
    expect(detailOf(receipt)).toEqual(detail)
    const shown = (await alice.known()).messages[chat] ?? {}
    expect([1, 2, 3, 4].map((seq) => shown[seq]?.isRead)).toEqual([true, true, true, false])
    await expectSameAsFresh(alice, bob, bobsLaptop)
    expect((await call(bob, `/msg/${verb}`, body())).errCode).toBe(0)
    // The notification of the second clearing comes first: a client drops all messages when it arrives.
    await waitForStrayPushes()
    await alice.device.sendText(bob.userID, 'new start')
    await until(() => bob.device.received().some(({ msg }) => msg.seq === 5))
    expect(notices(alice.device, ContentType.HasReadReceipt)).toHaveLength(1)
    expect(await user(bob.userID).seqViews([chat])).toMatchObject([{ maxSeq: 5, hasReadSeq: 4 }])
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('counts the messages of a group as read by the member', async () => {
    const group = { groupName: 'g', groupType: 2 }
    const body = { ownerUserID: alice.userID, memberUserIDs: [bob.userID], groupInfo: group }
    const { groupID } = (await call(alice, '/group/create_group', body)).data.groupInfo
    const conversationID = `sg_${groupID}`
    await until(() => bob.device.received().some((one) => one.conversationID === conversationID))
    expect((await call(bob, '/msg/clear_conversation_msg', { conversationIDs: [conversationID] })).errCode).toBe(0)
    const asked = { conversationID, seq: 1, filter: 0, pagination: { pageNumber: 1, showNumber: 10 } }
    const { data } = await call(alice, '/msg/get_group_message_readers', asked)
    expect(data).toEqual({ hasReadCount: 1, unreadCount: 0, userIDs: [bob.userID] })
    await expectSameAsFresh(alice, bob)
  })

  it('clears it for the peer too with IsSyncOther', async () => {
    await call(bob, '/msg/clear_conversation_msg', { conversationIDs: [chat], deleteSyncOpt: { IsSyncOther: true } })
    await until(() => notices(alice.device, ContentType.ClearConversationNotification).length === 1)
    const fresh = await (await Shadow.online(alice.userID, 7)).known()
    expect(fresh.messages[chat] ?? {}).toEqual({})
    expect((await alice.known()).messages[chat] ?? {}).toEqual({})
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })

  it('leaves an offline peer without unread messages with IsSyncOther', async () => {
    const carol = `carol_${next}`
    await register(carol)
    await alice.device.sendText(carol, 'anybody?')
    const conversationID = `si_${alice.userID}_${carol}`
    await until(async () => (await user(carol).seqViews(null)).length === 1)
    await call(alice, '/msg/clear_conversation_msg', {
      conversationIDs: [conversationID],
      deleteSyncOpt: { IsSyncOther: true },
    })
    expect(await user(carol).seqViews(null)).toMatchObject([{ maxSeq: 1, hasReadSeq: 1, minSeq: 2 }])
    await expectSameAsFresh(alice)
  })

  it('clears all conversations with user_clear_all_msg', async () => {
    expect((await call(bob, '/msg/user_clear_all_msg', {})).errCode).toBe(0)
    await until(() => notices(bob.device, ContentType.ConversationChangeNotification).length === 1)
    await expectSameAsFresh(alice, bob, bobsLaptop)
  })
})
