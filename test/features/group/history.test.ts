import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { READS_NOTHING } from '../../../src/contracts/messages.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import {
  GetMaxSeqReq,
  GetMaxSeqResp,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
} from '../../../src/protocol/proto/index.ts'
import { cast, createTestGroup, expectNotified, type GroupShadow, waitForStrayPushes } from '../../rigs/group-shadow.ts'
import { setForObjects } from '../../rigs/object-settings.ts'
import { conversation, post, textMessage, until, user } from '../../rigs/rig.ts'
import { expectSameAsFresh, Shadow } from '../../rigs/shadow.ts'

/* The range of a group's chat that new members and former members may read. */

let groupID: string
let olga: GroupShadow
let mia: GroupShadow
let ann: GroupShadow
let stranger: GroupShadow

const chat = () => `sg_${groupID}`

const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

beforeEach(async () => {
  ;({ olga, mia, ann, stranger } = await cast('olga', 'mia', 'ann', 'stranger'))
  groupID = await createTestGroup(olga, { members: [mia] })
})

async function say(shadow: GroupShadow, text: string): Promise<number> {
  const message = textMessage(shadow.userID, '', crypto.randomUUID(), text, { sessionType: 3, groupID })
  return (await shadow.device.request(WsRequestID.SendMsg, message)).errCode
}

/** The seqs that a device gets when it pulls all messages. */
async function pull(shadow: GroupShadow): Promise<number[]> {
  const { data } = await shadow.device.request(
    WsRequestID.PullMsgByRange,
    PullMessageBySeqsReq.encode({
      ...{ userID: shadow.userID, order: 0 },
      seqRanges: [{ conversationID: chat(), begin: 1, end: 100, num: 100 }],
    }).finish(),
  )
  return (PullMessageBySeqsResp.decode(data).msgs[chat()]?.Msgs ?? []).map(({ seq }) => Number(seq))
}

async function newest(shadow: GroupShadow): Promise<number> {
  const { data } = await shadow.device.request(
    WsRequestID.GetNewestSeq,
    GetMaxSeqReq.encode({ userID: shadow.userID }).finish(),
  )
  return Number(GetMaxSeqResp.decode(data).maxSeqs[chat()] ?? 0)
}

async function bounds(shadow: GroupShadow): Promise<{ minSeq: number; maxSeq: number } | undefined> {
  const body = { ownerUserID: shadow.userID, conversationIDs: [chat()] }
  const { data } = await post('/conversation/get_conversations', body, shadow.token)
  const row = data.conversations[0]
  return row && { minSeq: row.minSeq, maxSeq: row.maxSeq }
}

const invite = () => olga.call('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID] })
const kick = () => olga.call('kick_group', { groupID, kickedUserIDs: [mia.userID] })

/** Sets `OPENIM_HISTORY_FOR_NEW_MEMBERS` for the objects of this test. */
async function showHistory(shown: boolean): Promise<void> {
  restore = await setForObjects({ historyForNewMembers: shown })
}

let restore = () => {}
afterEach(() => restore())

describe('a new member', () => {
  it('reads all earlier messages', async () => {
    await say(olga, 'one')
    await say(mia, 'two')
    await invite()
    await expectNotified(1509, [ann])
    await until(async () => (await bounds(ann)) !== undefined)
    expect(await bounds(ann)).toEqual({ minSeq: 0, maxSeq: 0 })
    expect(await pull(ann)).toEqual([1, 2, 3, 4])
    expect(await newest(ann)).toBe(4)
  })

  it('reads only from the invitation on when history for new members is off', async () => {
    await showHistory(false)
    await say(olga, 'one')
    await say(mia, 'two')
    await invite()
    await expectNotified(1509, [ann])
    await until(async () => (await bounds(ann))?.minSeq === 4)
    expect(await pull(ann)).toEqual([4])
    expect(await pull(mia)).toEqual([1, 2, 3, 4])
    expect(ann.inChat(1509).map(({ seq }) => seq)).toEqual([4])
  })

  it('cannot read messages of the absence after rejoining when history for new members is off', async () => {
    await showHistory(false)
    await kick()
    await say(olga, 'about mia')
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [mia.userID] })
    await until(async () => (await bounds(mia))?.maxSeq === 0)
    expect(await bounds(mia)).toEqual({ minSeq: 4, maxSeq: 0 })
    expect(await pull(mia)).toEqual([4])
  })
})

describe('a former member', () => {
  it.each([
    ['by quitting', () => mia.call('quit_group', { groupID }), 1504],
    ['by being kicked', kick, 1508],
    ['by dismissal of the group', () => olga.call('dismiss_group', { groupID }), 1511],
  ])(
    'keeps the messages up to and including the notification of leaving %s, and gets no later messages',
    async (_how, leave, kind) => {
      await say(olga, 'before')
      await leave()
      await expectNotified(kind, [olga, mia])
      await until(async () => (await bounds(mia))?.maxSeq === 3)
      expect(mia.inChat(kind).map(({ seq }) => seq)).toEqual([3])
      if (kind !== 1511) expect(await say(olga, 'after')).toBe(0)
      await waitForStrayPushes()
      expect(await pull(mia)).toEqual([1, 2, 3])
      expect(await newest(mia)).toBe(3)
      expect(mia.device.received().filter(({ msg }) => Number(msg.seq) > 3 && msg.groupID === groupID)).toEqual([])
      expect(await say(mia, 'still here?')).toBe(kind === 1511 ? 1204 : 1203)
    },
  )

  it.each([
    ['quit', () => mia.call('quit_group', { groupID })],
    ['was kicked', kick],
    ['was in a dismissed group', () => olga.call('dismiss_group', { groupID })],
  ])(
    'may ask for the senders of the history, and learns nothing about the group, after the user %s',
    async (_how, leave) => {
      await say(olga, 'before')
      expect((await leave()).errCode).toBe(0)
      const ask = (by: GroupShadow) =>
        by.call('get_group_members_info', { groupID, userIDs: [olga.userID, mia.userID, ann.userID] })
      expect(await ask(mia)).toMatchObject({ errCode: 0, data: { members: [] } })
      expect((await ask(ann)).errCode).toBe((await mia.call('get_group_member_list', { groupID, ...PAGE })).errCode)
    },
  )

  it('gets no notifications of later changes of the group', async () => {
    await kick()
    await expectNotified(1508, [olga, mia])
    await olga.call('set_group_info_ex', { groupID, groupName: 'Without mia', notification: 'n', ex: 'x' })
    for (const type of [1502, 1519, 1520]) await expectNotified(type, [olga], [mia])
  })

  it('reads all messages again after rejoining', async () => {
    await kick()
    await say(olga, 'about mia')
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [mia.userID] })
    await until(async () => (await bounds(mia))?.maxSeq === 0)
    expect(await pull(mia)).toEqual([1, 2, 3, 4])
    await say(olga, 'welcome back')
    await until(async () => (await newest(mia)) === 5)
    expect(await say(mia, 'thanks')).toBe(0)
  })

  it.each([
    ['was kicked before the first message', true],
    ['joined after all messages, without history,', false],
  ])('reads no message and has no newest seq when the user %s', async (_how, atOnce) => {
    await showHistory(false)
    const silent = { sendMessage: false }
    const created = await olga.call('create_group', {
      ...{ ownerUserID: olga.userID, memberUserIDs: atOnce ? [ann.userID] : [], ...silent },
      groupInfo: { groupName: 'Silent', groupType: 2 },
    })
    groupID = created.data.groupInfo.groupID
    if (!atOnce) {
      expect([await say(olga, 'before'), await say(olga, 'ann')]).toEqual([0, 0])
      await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID], ...silent })
    }
    await until(async () => (await bounds(ann)) !== undefined)
    await olga.call('kick_group', { groupID, kickedUserIDs: [ann.userID], ...silent })
    await expectNotified(1508, [ann])
    expect(await say(olga, 'after')).toBe(0)
    await until(async () => (await user(ann.userID).logView(chat()))?.maxSeq === READS_NOTHING)
    await waitForStrayPushes()
    expect(await newest(ann)).toBe(0)
    expect(await pull(ann)).toEqual([])
    expect((await bounds(ann))?.maxSeq).toBe(0)
    const body = { userID: ann.userID, conversationIDs: [chat()] }
    const { data } = await post('/msg/get_conversations_has_read_and_max_seq', body, ann.token)
    expect(data.seqs[chat()]).toMatchObject({ maxSeq: 0, hasReadSeq: 0 })
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID] })
    await until(async () => (await newest(ann)) === (atOnce ? 2 : 4))
    expect(await pull(ann)).toEqual([atOnce ? 2 : 4])
  })

  it('gets no later messages from the ConversationObject, whatever range the UserObject requests', async () => {
    await kick()
    await say(olga, 'after')
    const everything = { userID: mia.userID, minSeq: 0, maxSeq: 0 }
    const slice = await conversation(chat()).readRange('chat', everything, 1, 100, 100)
    expect(slice.messages.map(({ seq }) => seq)).toEqual([1, 2])
    const bySeqs = await conversation(chat()).readSeqs('chat', everything, [1, 2, 3])
    expect(bySeqs.messages.map(({ seq }) => seq)).toEqual([1, 2])
  })
})

describe('an online device while members join and leave', () => {
  it.each([
    ['on', true],
    ['off', false],
  ])('has the same state as a fresh login when history for new members is %s', async (_how, shown) => {
    await showHistory(shown)
    const online = await Promise.all([olga, mia, ann].map(({ userID }) => Shadow.online(userID, 1)))
    const settled = () => expectSameAsFresh(...online)
    await say(olga, 'one')
    await invite()
    await expectNotified(1509, [olga, mia, ann])
    await settled()
    await say(ann, 'hello')
    await kick()
    await expectNotified(1508, [olga, mia, ann])
    await say(olga, 'about mia')
    await waitForStrayPushes()
    await settled()
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [mia.userID] })
    await expectNotified(1509, [olga, mia, ann], [], 2)
    await say(mia, 'back')
    await ann.call('quit_group', { groupID })
    await olga.call('dismiss_group', { groupID })
    await expectNotified(1511, [olga, mia], [ann])
    await settled()
  })
})

describe('a user who never was a member', () => {
  it('reads no message of the chat', async () => {
    await say(olga, 'among us')
    expect(await pull(stranger)).toEqual([])
    expect(await newest(stranger)).toBe(0)
    const seqRanges = [{ conversationID: chat(), begin: 1, end: 10, num: 10 }]
    const reply = await post('/msg/pull_msg_by_seq', { userID: stranger.userID, seqRanges }, stranger.token)
    expect(Object.keys(reply.data?.msgs ?? {})).toEqual([])
  })

  it('gets no message from the ConversationObject, unless the user is an app administrator', async () => {
    await say(olga, 'among us')
    const read = async (userID: string) => {
      const window = { userID, minSeq: 0, maxSeq: 0 }
      const bySeqs = await conversation(chat()).readSeqs('chat', window, [1, 2])
      const { messages } = await conversation(chat()).readRange('chat', window, 1, 100, 100)
      const last = await conversation(chat()).readLast(window)
      return [bySeqs.messages.map(({ seq }) => seq), messages.map(({ seq }) => seq), last?.seq]
    }
    expect(await read(stranger.userID)).toEqual([[], [], undefined])
    expect(await read(mia.userID)).toEqual([[1, 2], [1, 2], 2])
    expect(await read('imAdmin')).toEqual([[1, 2], [1, 2], 2])
  })

  it('reads no message after adding the conversation with set_conversations', async () => {
    await say(olga, 'among us')
    await post(
      '/conversation/set_conversations',
      {
        userIDs: [stranger.userID],
        conversation: { conversationID: chat(), conversationType: 3, groupID, userID: '', isPinned: true },
      },
      stranger.token,
    )
    expect(await pull(stranger)).toEqual([])
    expect(await newest(stranger)).toBe(0)
  })
})
