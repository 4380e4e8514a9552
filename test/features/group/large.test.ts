import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConversationRpc } from '../../../src/contracts/conversation.ts'
import { dismissGroup, removeAllMembers } from '../../../src/features/group/lifecycle/dismiss-group.ts'
import { inviteUsers } from '../../../src/features/group/membership/invite-users.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { AfterReply } from '../../../src/runtime/after-reply.ts'
import { createContext } from '../../../src/runtime/context.ts'
import { groupChange } from '../../rigs/group-rig.ts'
import { cast, expectSameGroupsAsFresh, expectTold, found, type GroupShadow } from '../../rigs/group-shadow.ts'
import { setForObjects } from '../../rigs/object-settings.ts'
import { bindings, conversation, Device, register, textMessage, until } from '../../rigs/rig.ts'

/* A group that relays deliver to is, for everybody in it, a group like any other. */

const MAX_DIRECT = 6

let groupID: string
let olga: GroupShadow
let mia: GroupShadow
let ann: GroupShadow
let ben: GroupShadow
let stranger: GroupShadow

const all = () => [olga, mia, ann, ben, stranger]
const invite = (...userIDs: string[]) => olga.call('invite_user_to_group', { groupID, invitedUserIDs: userIDs })

async function say(shadow: GroupShadow, text: string): Promise<number> {
  const message = textMessage(shadow.userID, '', crypto.randomUUID(), text, { sessionType: 3, groupID })
  return (await shadow.device.request(WsRequestID.SendMsg, message)).errCode
}

/** How often a device was sent a message of somebody. */
const heard = ({ device }: { device: Device }, sendID: string) =>
  device.received().filter(({ msg }) => msg.contentType === 101 && msg.sendID === sendID).length

beforeEach(async () => {
  ;({ olga, mia, ann, ben, stranger } = await cast('olga', 'mia', 'ann', 'ben', 'stranger'))
  putBack = await setForObjects({ maxDirectMembers: MAX_DIRECT })
  groupID = await found(olga, { members: [mia] })
  const crowd = Array.from({ length: MAX_DIRECT - 2 }, (_, i) => `crowd_${olga.userID}_${i}`)
  await register(...crowd)
  expect((await invite(...crowd)).errCode).toBe(0)
  await expectSameGroupsAsFresh(olga, mia)
  for (const shadow of all()) shadow.asked = 0
})

let putBack = () => {}
afterEach(() => putBack())

describe('a group with relays', () => {
  it('goes on as before for those who were there and for who comes', async () => {
    expect((await invite(ann.userID)).errCode).toBe(0)
    await expectTold(1509, [ann])
    await expectSameGroupsAsFresh(...all())
    expect((await invite(ben.userID)).errCode).toBe(0)
    await expectTold(1509, [ben])
    await expectSameGroupsAsFresh(...all())
    expect([await say(olga, 'one'), await say(ben, 'two')]).toEqual([0, 0])
    await until(() => [mia, ann].every((shadow) => heard(shadow, olga.userID) === 1 && heard(shadow, ben.userID) === 1))
    await until(() => heard(ben, olga.userID) === 1)
  })

  it('tells everybody of every change, each a version further', async () => {
    await invite(ann.userID, ben.userID)
    await expectSameGroupsAsFresh(...all())
    const steps = [
      () => olga.call('set_group_info_ex', { groupID, groupName: 'Many', notification: 'news', ex: 'x' }),
      () => olga.call('set_group_member_info', { members: [{ groupID, userID: ann.userID, roleLevel: 60 }] }),
      () => ann.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 60 }),
      () => olga.call('transfer_group', { groupID, oldOwnerUserID: olga.userID, newOwnerUserID: ann.userID }),
      () => ann.call('mute_group', { groupID }),
      () => ben.call('quit_group', { groupID }),
      () => ann.call('kick_group', { groupID, kickedUserIDs: [mia.userID] }),
    ]
    for (const step of steps) {
      expect((await step()).errCode).toBe(0)
      await expectSameGroupsAsFresh(...all())
    }
    expect(all().map(({ asked }) => asked)).toEqual([0, 0, 0, 0, 0])
  })

  it('says nothing more to who has left, and everything to who comes back', async () => {
    await invite(ann.userID)
    await mia.call('quit_group', { groupID })
    await expectTold(1504, [olga, ann, mia])
    await say(olga, 'about mia')
    await until(() => heard(ann, olga.userID) === 1)
    expect(heard(mia, olga.userID)).toBe(0)
    await invite(mia.userID)
    await until(async () => groupID in (await mia.known()).groups)
    await say(olga, 'welcome back')
    await until(() => heard(mia, olga.userID) === 1)
    await expectSameGroupsAsFresh(...all())
  })

  it('that is dismissed is told of at once, and lets its members go by the queue', async () => {
    await invite(ann.userID)
    expect((await olga.call('dismiss_group', { groupID })).errCode).toBe(0)
    await expectTold(1511, [olga, mia, ann], [ben, stranger])
    expect([(await mia.known()).groups, (await mia.fresh()).groups]).toEqual([{}, {}])
    const rows = () =>
      bindings.DB.prepare('SELECT count(*) AS n FROM group_member WHERE group_id = ?').bind(groupID).first('n')
    await until(async () => (await rows()) === 0)
  })

  it('that is dismissed by a call that dies lets its members go when the call is repeated', async () => {
    await invite(ann.userID)
    const dies = { ...createContext(bindings, 'op', new AfterReply()), after: () => Promise.reject(new Error('died')) }
    const caller = { userID: olga.userID, platformID: 5, isAdmin: false }
    await expect(
      dismissGroup({ ...dies, caller }, { groupID, deleteMember: false, sendMessage: null }),
    ).rejects.toThrow('died')
    const count = async () =>
      (await olga.call('get_groups_info', { groupIDs: [groupID] })).data.groupInfos[0].memberCount
    expect(await count()).toBe(MAX_DIRECT + 1)
    expect((await olga.call('dismiss_group', { groupID })).errCode).toBe(1204)
    await until(async () => (await count()) === 0, 15_000)
  })

  it('that is dismissed is in nobody’s list any more, whenever its members are let go', async () => {
    await invite(ann.userID)
    const lists = () =>
      bindings.DB.prepare("SELECT version_id, version FROM version_head WHERE list = 'joined-group' AND owner_id = ?")
        .bind(mia.userID)
        .first<{ version_id: string; version: number }>()
    const before = await lists()
    const since = { userID: mia.userID, versionID: before?.version_id, version: before?.version }
    const changes = async () => (await mia.call('get_incremental_join_groups', since)).data
    expect((await changes()).delete ?? []).toEqual([])
    // The step by itself, without the job that follows it.
    await conversation(`sg_${groupID}`).changeGroup(
      groupChange(groupID, { set: { status: 2 }, everybodyLeaves: true, notices: [] }),
    )
    expect(await changes()).toMatchObject({ full: false, delete: [groupID], version: (before?.version ?? 0) + 1 })
    const rows = () =>
      bindings.DB.prepare('SELECT count(*) AS n FROM group_member WHERE group_id = ?').bind(groupID).first('n')
    expect(await rows()).toBe(MAX_DIRECT + 1)
    const context = createContext(bindings, 'dismissal')
    for (let i = 0; i < 2; i++) {
      await removeAllMembers(context, groupID)
      expect(await rows()).toBe(0)
      expect(await changes()).toMatchObject({ full: false, delete: [groupID], version: (before?.version ?? 0) + 2 })
    }
    expect((await mia.fresh()).groups).toEqual({})
  })

  it('finds again who was away when it grew', async () => {
    mia.device.close()
    await invite(ann.userID)
    await say(olga, 'while mia was away')
    const back = await Device.connect(mia.userID)
    await back.handshake()
    await say(olga, 'mia is here')
    await until(() => heard({ device: back }, olga.userID) === 1)
  })
})

const userIDOf = ({ userID }: { userID: string }) => userID

describe('many at once', { timeout: 60_000 }, () => {
  const crowd = () => Array.from({ length: 70 }, (_, i) => `many_${olga.userID}_${i}`)
  const shown = async (userIDs: string[]) =>
    (await olga.call('get_group_members_info', { groupID, userIDs })).data.members

  beforeEach(async () => {
    await register(...crowd())
    expect((await invite(...crowd(), ann.userID)).errCode).toBe(0)
    await olga.call('set_group_info_ex', { groupID, notification: 'n'.repeat(16_000) })
    await expectSameGroupsAsFresh(olga, mia, ann)
  }, 60_000)

  it('are changed together, however much there is to say of the group, each in a step of its own', async () => {
    for (const shadow of [mia, ann]) shadow.asked = 0
    const members = crowd().map((userID, i) => ({ groupID, userID, nickname: `N${i}`, roleLevel: 60 }))
    expect(await olga.call('set_group_member_info', { members })).toMatchObject({ errCode: 0 })
    const now = await shown(crowd())
    expect(now).toHaveLength(70)
    expect(now).toMatchObject(members)
    await until(() => mia.told(1516).length === 70 && mia.told(1517).length === 70, 15_000)
    expect(mia.told(1516)[7]?.detail.group.notification).toHaveLength(16_000)
    await expectSameGroupsAsFresh(olga, mia, ann)
    expect(mia.asked).toBe(0)
    // Her own devices hear of all of it, too.
    await until(() => olga.told(1516).length === 70 && olga.told(1517).length === 70, 15_000)
  })

  it('are put out together, however much there is to say of them', async () => {
    // What takes the most room: letters that are written as six, and as seven inside of another text.
    const ex = '\u0001'.repeat(8_192)
    const nasty = crowd().slice(0, 30)
    for (const userID of nasty) {
      const members = [{ groupID, userID, ex, faceURL: '\u0001'.repeat(2_048) }]
      expect((await olga.call('set_group_member_info', { members })).errCode).toBe(0)
    }
    expect(await olga.call('kick_group', { groupID, kickedUserIDs: crowd() })).toMatchObject({ errCode: 0 })
    expect(await shown(crowd())).toEqual([])
    const named = () => mia.told(1508).flatMap(({ detail }) => detail.kickedUserList)
    await until(() => named().length === 70, 15_000)
    await expectSameGroupsAsFresh(olga, mia, ann)
    expect((await olga.call('set_group_info_ex', { groupID, groupName: 'goes on' })).errCode).toBe(0)
  })

  it('come in although one of them comes by another call meanwhile', async () => {
    const more = Array.from({ length: 60 }, (_, i) => `more_${olga.userID}_${i}`)
    await register(...more)
    const last = more.at(-1) ?? ''
    const ctx = createContext(bindings, 'op', new AfterReply())
    const home = ctx.conversation(`sg_${groupID}`)
    let steps = 0
    const changeGroup: ConversationRpc['changeGroup'] = async (change) => {
      steps++
      if (steps === 2) {
        const one = await mia.call('invite_user_to_group', { groupID, invitedUserIDs: [last] })
        expect(one.errCode).toBe(0)
      }
      return home.changeGroup(change)
    }
    const interrupted = new Proxy(home, {
      get: (target, name) => (name === 'changeGroup' ? changeGroup : Reflect.get(target, name)),
    })
    await inviteUsers(
      {
        ...ctx,
        conversation: () => interrupted,
        caller: { userID: olga.userID, platformID: 5, isAdmin: false },
      },
      { groupID, reason: '', invitedUserIDs: more, sendMessage: null },
    )
    expect(steps).toBe(3)
    expect(await shown(more)).toHaveLength(60)
    await expectSameGroupsAsFresh(mia, ann)
    const namedTo = (shadow: GroupShadow) =>
      new Set(shadow.told(1509).flatMap(({ detail }) => detail.invitedUserList.map(userIDOf)))
    await until(() => [mia, ann].every((shadow) => more.every((userID) => namedTo(shadow).has(userID))), 15_000)
  })
})
