import { beforeEach, describe, expect, it } from 'vitest'
import { group, groupMember } from '../../../src/features/group/tables.ts'
import { openDatabase } from '../../../src/platform/storage/d1.ts'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { bindings, post, register, textMessage, until, user } from '../../rigs/rig.ts'
import { expectSameAsFresh, Shadow } from '../../rigs/shadow.ts'

let next = 0
let groupID: string
let owner: Shadow
let admin: Shadow
let member: Shadow
let other: Shadow

const chat = () => `sg_${groupID}`

/** Writes a group to D1. Its ConversationObject is created by the first message. */
async function createGroup(roles: Record<string, number>, status = 0): Promise<void> {
  const db = openDatabase(bindings.DB)
  await db.insert(group).values({
    ...{ groupID, groupName: 'Friends', notification: '', introduction: '', faceURL: '', ownerUserID: '' },
    ...{ createTime: 1, memberCount: 4, ex: '', status, creatorUserID: '', groupType: 2, needVerification: 0 },
    ...{ lookMemberInfo: 0, applyMemberFriend: 0, notificationUpdateTime: 0, notificationUserID: '' },
  })
  for (const [userID, roleLevel] of Object.entries(roles)) {
    await db.insert(groupMember).values({
      ...{ groupID, userID, roleLevel, nickname: '', faceURL: '', joinTime: 1, joinSource: 2 },
      ...{ inviterUserID: '', operatorUserID: '', muteEndTime: 0, ex: '' },
    })
  }
}

const send = (shadow: Shadow, text: string) =>
  shadow.device.request(
    WsRequestID.SendMsg,
    textMessage(shadow.userID, '', `${shadow.userID}-${text}`, text, { sessionType: 3, groupID }),
  )

const call = (shadow: Shadow, path: string, body: object) =>
  post(path, { userID: shadow.userID, conversationID: chat(), ...body }, shadow.token)

beforeEach(async () => {
  groupID = `4${next}`
  const [a, b, c, d] = ['owner', 'admin', 'member', 'other'].map((name) => `${name}_${next}`) as [
    string,
    string,
    string,
    string,
  ]
  next++
  await register(a, b, c, d)
  await createGroup({ [a]: 100, [b]: 60, [c]: 20, [d]: 20 })
  owner = await Shadow.online(a)
  admin = await Shadow.online(b)
  member = await Shadow.online(c)
  other = await Shadow.online(d)
})

const all = () => [owner, admin, member, other]
const allHave = (count: number) => until(() => all().every(({ device }) => device.received().length >= count))

describe('a message to a group', () => {
  it('is delivered to every member and adds the conversation to each list', async () => {
    expect((await send(owner, 'hello all')).errCode).toBe(0)
    expect((await send(member, 'hello back')).errCode).toBe(0)
    await allHave(2)
    expect((await other.known()).conversations[chat()]).toMatchObject({ conversationType: 3, groupID, userID: '' })
    await expectSameAsFresh(...all())
  })

  it('is refused from strangers, and in unknown and dismissed groups', async () => {
    await register(`stranger_${next}`)
    const stranger = await Shadow.online(`stranger_${next}`)
    expect((await send(stranger, 'let me in')).errCode).toBe(1203)
    groupID = 'nowhere'
    expect((await send(owner, 'anybody?')).errCode).toBe(1201)
    groupID = `over_${next}`
    await createGroup({ [owner.userID]: 100 }, 2)
    expect((await send(owner, 'anybody?')).errCode).toBe(1204)
  })
})

describe('get_group_message_readers', () => {
  it('lists readers and non-readers by the read seq of each member', async () => {
    for (const text of ['one', 'two', 'three']) await send(owner, text)
    await allHave(3)
    await call(member, '/msg/mark_conversation_as_read', { hasReadSeq: 3 })
    await call(other, '/msg/mark_conversation_as_read', { hasReadSeq: 1 })
    const readers = async (seq: number, filter: number) =>
      (
        await call(owner, '/msg/get_group_message_readers', {
          seq,
          filter,
          pagination: { pageNumber: 1, showNumber: 10 },
        })
      ).data
    expect(await readers(1, 0)).toEqual({ hasReadCount: 2, unreadCount: 1, userIDs: [member.userID, other.userID] })
    expect(await readers(3, 1)).toEqual({ hasReadCount: 1, unreadCount: 2, userIDs: [admin.userID, other.userID] })
    await expectSameAsFresh(...all())
  })
})

describe('messages of a group', () => {
  beforeEach(async () => {
    for (const text of ['one', 'two', 'three']) await send(member, text)
    await allHave(3)
  })

  const notified = (contentType: number) =>
    until(() => all().every(({ device }) => device.received().some(({ msg }) => msg.contentType === contentType)))

  it('are deleted and cleared for all members when IsSyncOther is set', async () => {
    expect((await call(owner, '/msg/delete_msgs', { seqs: [2], ...forAll })).errCode).toBe(0)
    await notified(ContentType.DeleteMsgsNotification)
    expect(Object.keys((await other.known()).messages[chat()] ?? {})).toEqual(['1', '3'])
    await expectSameAsFresh(...all())
    await call(owner, '/msg/clear_conversation_msg', { conversationIDs: [chat()], ...forAll })
    await notified(ContentType.ClearConversationNotification)
    expect((await other.known()).messages[chat()]).toEqual({})
    await expectSameAsFresh(...all())
  })

  const forAll = { deleteSyncOpt: { IsSyncSelf: true, IsSyncOther: true } }
  const kept = async () => Object.keys((await (await Shadow.online(owner.userID, 7)).known()).messages[chat()] ?? {})

  it.each([
    ['by its sender', () => member, 0],
    ['by the owner', () => owner, 0],
    ['by an administrator', () => admin, 0],
    ['not by another member', () => other, 1002],
  ])('may be deleted for all members: %s', async (_case, caller, code) => {
    expect((await call(caller(), '/msg/delete_msgs', { seqs: [1, 3], ...forAll })).errCode).toBe(code)
    expect(await kept()).toEqual(code === 0 ? ['2'] : ['1', '2', '3'])
  })

  it('are all kept when one of those that a member deletes for all is from another member', async () => {
    await send(other, 'four')
    await allHave(4)
    expect((await call(other, '/msg/delete_msgs', { seqs: [4, 2], ...forAll })).errCode).toBe(1002)
    expect(await kept()).toEqual(['1', '2', '3', '4'])
    expect((await call(other, '/msg/delete_msgs', { seqs: [4], ...forAll })).errCode).toBe(0)
    expect(await kept()).toEqual(['1', '2', '3'])
  })

  it.each([
    ['by the owner', () => owner, 0],
    ['by an administrator', () => admin, 0],
    ['not by a member', () => member, 1002],
  ])('may be cleared for all members: %s', async (_case, caller, code) => {
    const cleared = { conversationIDs: [`si_${member.userID}_nobody`, chat()], ...forAll }
    const reply = await call(caller(), '/msg/clear_conversation_msg', cleared)
    expect(reply.errCode).toBe(code)
    if (code !== 0) expect(reply.errDlt).toContain('neither the owner nor an administrator')
    expect(await kept()).toEqual(code === 0 ? [] : ['1', '2', '3'])
  })

  it('are cleared for a member only when the member clears all conversations for all', async () => {
    expect((await call(member, '/msg/user_clear_all_msg', forAll)).errCode).toBe(0)
    expect(await kept()).toEqual(['1', '2', '3'])
    const theirs = await (await Shadow.online(member.userID, 7)).known()
    expect(theirs.messages[chat()] ?? {}).toEqual({})
  })

  it('are not deleted for other members by a user who was kicked', async () => {
    const kicked = await post('/group/kick_group', { groupID, kickedUserIDs: [other.userID] }, owner.token)
    expect(kicked.errCode).toBe(0)
    await until(async () => (await user(other.userID).logView(chat()))?.maxSeq !== 0)
    expect((await call(other, '/msg/delete_msgs', { seqs: [1], ...forAll })).errCode).toBe(1002)
    const clear = { conversationIDs: [chat()], ...forAll }
    expect((await call(other, '/msg/clear_conversation_msg', clear)).errCode).toBe(0)
    const fresh = await (await Shadow.online(member.userID, 7)).known()
    expect(Object.keys(fresh.messages[chat()] ?? {})).toEqual(['1', '2', '3', '4'])
    const theirs = await (await Shadow.online(other.userID, 7)).known()
    expect(theirs.messages[chat()] ?? {}).toEqual({})
  })
})

describe('a message of a group', () => {
  it.each([
    ['by its sender', () => member, () => member, 0],
    ['by the owner, when an administrator sent it', () => owner, () => admin, 0],
    ['by an administrator, when a member sent it', () => admin, () => member, 0],
    ['not by an administrator, when the owner sent it', () => admin, () => owner, 1002],
    ['not by another member', () => other, () => member, 1002],
  ])('can be revoked only by the right members: %s', async (_case, revoker, sender, code) => {
    await send(sender(), 'oops')
    await allHave(1)
    expect((await call(revoker(), '/msg/revoke_msg', { seq: 1 })).errCode).toBe(code)
    if (code !== 0) return
    await until(() =>
      all().every(({ device }) =>
        device.received().some(({ msg }) => msg.contentType === ContentType.MsgRevokeNotification),
      ),
    )
    await expectSameAsFresh(...all())
  })
})
