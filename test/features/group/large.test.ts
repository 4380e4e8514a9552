import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ConversationRpc } from '../../../src/contracts/conversation.ts'
import { dismissGroup, removeAllMembers } from '../../../src/features/group/lifecycle/dismiss-group.ts'
import { inviteUsers } from '../../../src/features/group/membership/invite-users.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { AfterReply } from '../../../src/runtime/after-reply.ts'
import { createContext } from '../../../src/runtime/context.ts'
import { groupChange } from '../../rigs/group-rig.ts'
import {
  cast,
  createTestGroup,
  expectNotified,
  expectSameGroupsAsFresh,
  type GroupShadow,
} from '../../rigs/group-shadow.ts'
import { setForObjects } from '../../rigs/object-settings.ts'
import { bindings, conversation, Device, register, textMessage, until } from '../../rigs/rig.ts'

/* For its members, a group with relays behaves like every other group. */

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

/** The number of text messages that a device received from one sender. */
const countTexts = ({ device }: { device: Device }, sendID: string) =>
  device.received().filter(({ msg }) => msg.contentType === 101 && msg.sendID === sendID).length

beforeEach(async () => {
  ;({ olga, mia, ann, ben, stranger } = await cast('olga', 'mia', 'ann', 'ben', 'stranger'))
  restore = await setForObjects({ maxDirectMembers: MAX_DIRECT })
  groupID = await createTestGroup(olga, { members: [mia] })
  const crowd = Array.from({ length: MAX_DIRECT - 2 }, (_, i) => `crowd_${olga.userID}_${i}`)
  await register(...crowd)
  expect((await invite(...crowd)).errCode).toBe(0)
  await expectSameGroupsAsFresh(olga, mia)
  for (const shadow of all()) shadow.asked = 0
})

let restore = () => {}
afterEach(() => restore())

describe('a group with relays', () => {
  it('delivers to old and new members after the group switches to relays', async () => {
    expect((await invite(ann.userID)).errCode).toBe(0)
    await expectNotified(1509, [ann])
    await expectSameGroupsAsFresh(...all())
    expect((await invite(ben.userID)).errCode).toBe(0)
    await expectNotified(1509, [ben])
    await expectSameGroupsAsFresh(...all())
    expect([await say(olga, 'one'), await say(ben, 'two')]).toEqual([0, 0])
    await until(() =>
      [mia, ann].every((shadow) => countTexts(shadow, olga.userID) === 1 && countTexts(shadow, ben.userID) === 1),
    )
    await until(() => countTexts(ben, olga.userID) === 1)
  })

  it('notifies every member of every change, each with a new version', async () => {
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

  it('delivers no messages to a member who quit, and all messages after the member rejoins', async () => {
    await invite(ann.userID)
    await mia.call('quit_group', { groupID })
    await expectNotified(1504, [olga, ann, mia])
    await say(olga, 'about mia')
    await until(() => countTexts(ann, olga.userID) === 1)
    expect(countTexts(mia, olga.userID)).toBe(0)
    await invite(mia.userID)
    await until(async () => groupID in (await mia.known()).groups)
    await say(olga, 'welcome back')
    await until(() => countTexts(mia, olga.userID) === 1)
    await expectSameGroupsAsFresh(...all())
  })

  it('notifies its members of the dismissal at once and removes them through the queue', async () => {
    await invite(ann.userID)
    expect((await olga.call('dismiss_group', { groupID })).errCode).toBe(0)
    await expectNotified(1511, [olga, mia, ann], [ben, stranger])
    expect([(await mia.known()).groups, (await mia.fresh()).groups]).toEqual([{}, {}])
    const rows = () =>
      bindings.DB.prepare('SELECT count(*) AS n FROM group_member WHERE group_id = ?').bind(groupID).first('n')
    await until(async () => (await rows()) === 0)
  })

  it('removes its members when a dismissal that failed halfway is repeated', async () => {
    await invite(ann.userID)
    const enqueue = () => Promise.reject(new Error('queue failed'))
    const ctx = { ...createContext(bindings, 'op', new AfterReply()), enqueue }
    const caller = { userID: olga.userID, platformID: 5, isAdmin: false }
    await expect(dismissGroup({ ...ctx, caller }, { groupID, deleteMember: false, sendMessage: null })).rejects.toThrow(
      'queue failed',
    )
    const count = async () =>
      (await olga.call('get_groups_info', { groupIDs: [groupID] })).data.groupInfos[0].memberCount
    expect(await count()).toBe(MAX_DIRECT + 1)
    expect((await olga.call('dismiss_group', { groupID })).errCode).toBe(1204)
    await until(async () => (await count()) === 0, 15_000)
  })

  it('is in no member’s group list after the dismissal, before and after the members are removed', async () => {
    await invite(ann.userID)
    const lists = () =>
      bindings.DB.prepare("SELECT version_id, version FROM version_head WHERE list = 'joined-group' AND owner_id = ?")
        .bind(mia.userID)
        .first<{ version_id: string; version: number }>()
    const before = await lists()
    const since = { userID: mia.userID, versionID: before?.version_id, version: before?.version }
    const changes = async () => (await mia.call('get_incremental_join_groups', since)).data
    expect((await changes()).delete ?? []).toEqual([])
    // Only the change, without the queue job that removes the members.
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

  it('delivers to a member who was offline when the group switched to relays', async () => {
    mia.device.close()
    await invite(ann.userID)
    await say(olga, 'while mia was away')
    const back = await Device.connect(mia.userID)
    await back.handshake()
    await say(olga, 'mia is here')
    await until(() => countTexts({ device: back }, olga.userID) === 1)
  })
})

const userIDOf = ({ userID }: { userID: string }) => userID

describe('a call that changes many members of a group with relays', { timeout: 60_000 }, () => {
  const crowd = () => Array.from({ length: 70 }, (_, i) => `many_${olga.userID}_${i}`)
  const shown = async (userIDs: string[]) =>
    (await olga.call('get_group_members_info', { groupID, userIDs })).data.members

  beforeEach(async () => {
    await register(...crowd())
    expect((await invite(...crowd(), ann.userID)).errCode).toBe(0)
    await olga.call('set_group_info_ex', { groupID, notification: 'n'.repeat(16_000) })
    await expectSameGroupsAsFresh(olga, mia, ann)
  }, 60_000)

  it('changes all members, each with its own version, even with a long announcement', async () => {
    for (const shadow of [mia, ann]) shadow.asked = 0
    const members = crowd().map((userID, i) => ({ groupID, userID, nickname: `N${i}`, roleLevel: 60 }))
    expect(await olga.call('set_group_member_info', { members })).toMatchObject({ errCode: 0 })
    const now = await shown(crowd())
    expect(now).toHaveLength(70)
    expect(now).toMatchObject(members)
    await until(() => mia.notifications(1516).length === 70 && mia.notifications(1517).length === 70, 15_000)
    expect(mia.notifications(1516)[7]?.detail.group.notification).toHaveLength(16_000)
    await expectSameGroupsAsFresh(olga, mia, ann)
    expect(mia.asked).toBe(0)
    // The owner's own devices get all of the notifications too.
    await until(() => olga.notifications(1516).length === 70 && olga.notifications(1517).length === 70, 15_000)
  })

  it('kicks all members, even when their entries are very large', async () => {
    // The largest possible entries: each character takes six characters in JSON, and seven in JSON within JSON.
    const ex = '\u0001'.repeat(8_192)
    const nasty = crowd().slice(0, 30)
    for (const userID of nasty) {
      const members = [{ groupID, userID, ex, faceURL: '\u0001'.repeat(2_048) }]
      expect((await olga.call('set_group_member_info', { members })).errCode).toBe(0)
    }
    expect(await olga.call('kick_group', { groupID, kickedUserIDs: crowd() })).toMatchObject({ errCode: 0 })
    expect(await shown(crowd())).toEqual([])
    const named = () => mia.notifications(1508).flatMap(({ detail }) => detail.kickedUserList)
    await until(() => named().length === 70, 15_000)
    await expectSameGroupsAsFresh(olga, mia, ann)
    expect((await olga.call('set_group_info_ex', { groupID, groupName: 'goes on' })).errCode).toBe(0)
  })

  it('adds all invited users even when another call adds one of them meanwhile', async () => {
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
      new Set(shadow.notifications(1509).flatMap(({ detail }) => detail.invitedUserList.map(userIDOf)))
    await until(() => [mia, ann].every((shadow) => more.every((userID) => namedTo(shadow).has(userID))), 15_000)
  })
})
