import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { cast, createTestGroup, type GroupShadow } from '../../rigs/group-shadow.ts'
import { setForObjects } from '../../rigs/object-settings.ts'
import { adminToken, bindings, type Device, post, register, textMessage, until, user } from '../../rigs/rig.ts'

/* OpenIM's groupAtType: 1 the owner is mentioned, 2 all are, 3 both, 4 announcement. No client computes it. */

const ALL = 'AtAllTag'

let groupID: string
let olga: GroupShadow
let mia: GroupShadow
let ann: GroupShadow
let ben: GroupShadow
/** A member without a device. */
let away: string
let restore = () => {}

const chat = () => `sg_${groupID}`

afterEach(() => restore())

/** Creates the group; with `relayed` its members are served by relays. */
async function createGroup(relayed: boolean): Promise<void> {
  restore = await setForObjects({ maxDirectMembers: relayed ? 3 : 20 })
  ;({ olga, mia, ann, ben } = await cast('olga', 'mia', 'ann', 'ben'))
  away = `away_${olga.userID}`
  await register(away)
  groupID = await createTestGroup(olga, { members: [mia, ann, ben] })
  expect((await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [away] })).errCode).toBe(0)
  await until(() => [mia, ann, ben].every((shadow) => shadow.inChat(1509).length === 1))
}

async function mention(sender: GroupShadow, ...atUserIDList: string[]): Promise<void> {
  const text = `hello ${crypto.randomUUID()}`
  const given = { sessionType: 3, groupID, contentType: 106, atUserIDList }
  const { errCode } = await sender.device.request(
    WsRequestID.SendMsg,
    textMessage(sender.userID, '', crypto.randomUUID(), text, given),
  )
  expect(errCode).toBe(0)
}

async function atTypeOf(userID: string): Promise<number> {
  const body = { ownerUserID: userID, conversationID: chat() }
  const { data } = await post('/conversation/get_conversation', body, await adminToken())
  return data.conversation.groupAtType
}

const changesTold = ({ device }: { device: Device }) =>
  device.received().filter(({ msg }) => msg.contentType === 1300).length

const newestSeq = async (userID: string) => (await user(userID).newestSeqs())[chat()] ?? 0

const read = async (shadow: GroupShadow) =>
  post(
    '/msg/mark_conversation_as_read',
    { userID: shadow.userID, conversationID: chat(), hasReadSeq: await newestSeq(shadow.userID), seqs: [] },
    shadow.token,
  )

describe.each([
  ['a group whose conversation delivers', false],
  ['a group with relays', true],
])('groupAtType in %s', (_name, relayed) => {
  beforeEach(() => createGroup(relayed))

  it.each<[string, () => string[], Record<string, number>]>([
    ['the named members', () => [mia.userID, away], { olga: 0, mia: 1, ann: 0, away: 1 }],
    ['all members', () => [ALL], { olga: 0, mia: 2, ann: 2, away: 2 }],
    ['all members and a named one', () => [ALL, mia.userID, away], { olga: 0, mia: 3, ann: 2, away: 3 }],
    ['a stranger and the sender', () => ['stranger', olga.userID], { olga: 0, mia: 0, away: 0 }],
  ])('follows the message that mentions %s', async (_what, atUserIDs, expected) => {
    await mention(olga, ...atUserIDs())
    const ids: Record<string, string> = { olga: olga.userID, mia: mia.userID, ann: ann.userID, away }
    for (const [name, atType] of Object.entries(expected)) {
      await until(async () => (await atTypeOf(ids[name] as string)) === atType)
    }
    if (expected.mia !== 0) await until(() => changesTold(mia) > 0)
    if (expected.ann === 0) expect(changesTold(ann)).toBe(0)
    expect(changesTold(olga)).toBe(0)
  })

  it('is 4 for every member but the announcer, also when an administrator of the group announces', async () => {
    await olga.call('set_group_member_info', { members: [{ groupID, userID: mia.userID, roleLevel: 60 }] })
    expect((await mia.call('set_group_info_ex', { groupID, notification: 'lunch at noon' })).errCode).toBe(0)
    for (const userID of [olga.userID, ann.userID, away]) await until(async () => (await atTypeOf(userID)) === 4)
    expect(await atTypeOf(mia.userID)).toBe(0)
    await until(() => changesTold(ann) > 0)
  })

  it('is 0 again after the member has read the message, and the devices are notified', async () => {
    await mention(olga, ALL)
    await until(async () => (await atTypeOf(mia.userID)) === 2)
    await until(() => changesTold(mia) === 1)
    expect((await read(mia)).errCode).toBe(0)
    expect(await atTypeOf(mia.userID)).toBe(0)
    await until(() => changesTold(mia) === 2)
    // A device that syncs now does not find the old mention again.
    await user(mia.userID).newestSeqs()
    expect(await atTypeOf(mia.userID)).toBe(0)
    await mention(olga, mia.userID)
    await until(async () => (await atTypeOf(mia.userID)) === 1)
  })

  it('stays 0 after the app has reset it, until the next mention', async () => {
    await mention(olga, mia.userID)
    await until(async () => (await atTypeOf(mia.userID)) === 1)
    const conversation = { conversationID: chat(), conversationType: 3, groupID, groupAtType: 0 }
    await post('/conversation/set_conversations', { userIDs: [mia.userID], conversation }, mia.token)
    await user(mia.userID).newestSeqs()
    expect(await atTypeOf(mia.userID)).toBe(0)
  })

  it('reaches a device that was offline with its incremental sync', async () => {
    const version = await user(away).conversationVersion()
    await mention(olga, ALL, away)
    const token = await adminToken()
    const { data } = await post('/conversation/get_incremental_conversations', { userID: away, ...version }, token)
    expect(data.update).toMatchObject([{ conversationID: chat(), groupAtType: 3 }])
  })

  it('does not reach a member who joins later, nor one who has read the message', async () => {
    await mention(olga, ALL)
    const late = `late_${olga.userID}`
    await register(late)
    expect((await olga.call('invite_user_to_group', { groupID, invitedUserIDs: [late] })).errCode).toBe(0)
    await until(async () => (await user(late).conversations([chat()])).length === 1)
    await user(late).newestSeqs()
    expect(await atTypeOf(late)).toBe(0)
    await until(async () => (await atTypeOf(ann.userID)) === 2)
  })

  it('is 0 for a member who has sent a later message', async () => {
    ann.device.close()
    await until(async () => (await user(ann.userID).onlinePlatforms()).length === 0)
    await mention(olga, ALL)
    const message = { sendID: ann.userID, groupID, senderPlatformID: 5, sessionType: 3, contentType: 106 }
    const content = { text: 'all', atUserList: [ALL], isAtSelf: false }
    expect((await post('/msg/send_msg', { ...message, content }, await adminToken())).errCode).toBe(0)
    await until(async () => (await atTypeOf(mia.userID)) === 2)
    expect(await atTypeOf(ann.userID)).toBe(0)
  })

  it('is kept once for all members, and in a row of a member’s own only for those who are named', async () => {
    await mention(olga, ALL)
    await mention(olga, ALL, mia.userID)
    const stub = bindings.CONVERSATION.getByName(chat())
    const rows = await runInDurableObject(stub, (_object, { storage }) =>
      storage.sql.exec<{ user_id: string }>('SELECT user_id FROM mention').toArray(),
    )
    expect(rows.map((row) => row.user_id).sort()).toEqual(['', mia.userID].sort())
    const written = await runInDurableObject(bindings.USER.getByName(away), (_object, { storage }) =>
      storage.sql.exec<{ n: number }>('SELECT max(at_seq) AS n FROM conversation').one(),
    )
    expect(written.n).toBe(0)
  })
})
