import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Callbacks } from './rig/callbacks.ts'
import { received, receivedBy } from './rig/client.ts'
import {
  createGroup,
  eventually,
  expectConversation,
  expectGroup,
  expectHistory,
  expectNoGroup,
  groupHistory,
  membersAt,
  ROLE,
  sayTo,
} from './rig/groups.ts'
import { fresh, nicknameOf, PLATFORM } from './rig/rest.ts'
import { SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

/** The group's conversation delivers to at most this many members itself; relays deliver in larger groups. */
const MAX_DIRECT_MEMBERS = 250

describe('a group from a backend', () => {
  it('is created, filled, changed and dismissed by a backend', async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const [alice, bob, carol] = await Promise.all([scene.js(aliceID), scene.wasm(bobID), scene.js(carolID)])
    const callbacks = new Callbacks(scene, { alice, bob, carol })
    const groupID = `team${fresh('')}`
    const isIn = ['OnJoinedGroupAdded']
    await callbacks.during(
      () =>
        asBackend('/group/create_group', {
          groupInfo: { groupID, groupName: 'Team', groupType: 2 },
          ...{ ownerUserID: aliceID, memberUserIDs: [bobID], sendMessage: false },
        }),
      { alice: isIn, bob: isIn },
    )
    await callbacks.during(
      () => asBackend('/group/invite_user_to_group', { groupID, invitedUserIDs: [carolID], reason: '' }),
      {
        alice: ['OnGroupMemberAdded carol', 'OnGroupInfoChanged'],
        bob: ['OnGroupMemberAdded carol', 'OnGroupInfoChanged'],
        carol: ['OnJoinedGroupAdded', 'js: OnGroupInfoChanged'],
      },
    )
    const info = ['OnGroupInfoChanged']
    await callbacks.during(() => asBackend('/group/set_group_info_ex', { groupID, groupName: 'A-Team' }), {
      ...{ alice: info, bob: info, carol: info },
    })
    const members = [{ groupID, userID: bobID, roleLevel: ROLE.admin }]
    const bobIs = ['OnGroupMemberInfoChanged bob']
    await callbacks.during(() => asBackend('/group/set_group_member_info', { members }), {
      ...{ alice: bobIs, bob: bobIs, carol: bobIs },
    })
    await asBackend('/msg/send_msg', {
      ...{ sendID: aliceID, groupID, contentType: 101, sessionType: 3, content: { content: 'automatic' } },
    })
    for (const device of [alice, bob, carol]) await received(device, 'automatic')
    await callbacks.during(
      () => asBackend('/group/kick_group', { groupID, kickedUserIDs: [carolID], reason: '', sendMessage: false }),
      {
        alice: ['OnGroupMemberDeleted carol', 'OnGroupInfoChanged'],
        bob: ['OnGroupMemberDeleted carol', 'OnGroupInfoChanged'],
        carol: ['OnJoinedGroupDeleted', 'js: OnGroupInfoChanged'],
      },
    )
    for (const device of [alice, bob]) {
      await expectGroup(device, groupID, { groupName: 'A-Team', memberCount: 2, ownerUserID: aliceID })
      // With sendMessage false, creating the group and removing a member add no message.
      await expectHistory(device, groupID, [1509, 1520, 'automatic'])
    }
    await asBackend('/group/dismiss_group', { groupID, deleteMember: true })
    await expectNoGroup(alice, groupID)
    await expect(sayTo(bob, groupID, 'still there?')).rejects.toThrow(/1204|Dismissed/)
  })

  it('delivers through relays to online and reconnected members when the group has 300 members', async () => {
    const [aliceID, bobID, carolID, daveID] = await scene.users('alice', 'bob', 'carol', 'dave')
    const [alice, bob, carol, dave] = await Promise.all([
      scene.js(aliceID),
      scene.wasm(bobID),
      scene.js(carolID),
      scene.wasm(daveID),
    ])
    const callbacks = new Callbacks(scene, { alice, bob, carol, dave })
    const crowd = await people(297)
    const groupID = await createGroup(alice, { groupName: 'Crowd', members: [bobID, carolID, ...crowd] })
    for (const device of [alice, bob, carol]) {
      await expectHistory(device, groupID, [1501])
      await expectGroup(device, groupID, { memberCount: 300 })
      await expect.poll(() => membersAt(device, groupID)).toHaveLength(300)
    }
    for (const [i, device] of [alice, bob, carol].entries()) {
      await sayTo(device, groupID, `text ${i}`)
      for (const other of [alice, bob, carol]) if (other !== device) await received(other, `text ${i}`)
    }

    await bob.goOffline()
    const missed = Array.from({ length: 30 }, (_, i) => `missed ${i}`)
    for (const text of missed) await sayTo(alice, groupID, text)
    await alice.call('setGroupInfo', { groupID, groupName: 'Big crowd' })
    await scene.reopen(bob)
    const history = [1501, 'text 0', 'text 1', 'text 2', ...missed, 1520]
    await expectHistory(bob, groupID, history)
    await expectGroup(bob, groupID, { groupName: 'Big crowd', memberCount: 300 })
    await sayTo(carol, groupID, 'welcome back')
    await received(bob, 'welcome back')

    await callbacks.during(() => alice.call('inviteUserToGroup', { groupID, reason: '', userIDList: [daveID] }), {
      alice: ['OnGroupMemberAdded dave', 'OnGroupInfoChanged'],
      bob: ['OnGroupMemberAdded dave', 'OnGroupInfoChanged'],
      carol: ['OnGroupMemberAdded dave', 'OnGroupInfoChanged'],
      dave: ['OnJoinedGroupAdded'],
    })
    await sayTo(dave, groupID, 'so many people')
    for (const device of [alice, bob, carol]) await received(device, 'so many people')
    await callbacks.during(() => alice.call('kickGroupMember', { groupID, reason: '', userIDList: [carolID] }), {
      alice: ['OnGroupMemberDeleted carol', 'OnGroupInfoChanged'],
      bob: ['OnGroupMemberDeleted carol', 'OnGroupInfoChanged'],
      carol: ['OnJoinedGroupDeleted', 'js: OnGroupInfoChanged'],
      dave: ['OnGroupMemberDeleted carol', 'OnGroupInfoChanged'],
    })
    await sayTo(alice, groupID, 'without carol')
    for (const device of [bob, dave]) await received(device, 'without carol')
    await callbacks.during(async () => {}, {})
    expect(receivedBy(carol).map(({ text }) => text)).not.toContain('without carol')
    await expect(sayTo(carol, groupID, 'let me in')).rejects.toThrow()
    const whole = [...history, 'welcome back', 1509, 'so many people', 1508, 'without carol']
    for (const device of [alice, bob, dave]) await expectHistory(device, groupID, whole)
    const later = await scene.wasm(carolID, { platformID: PLATFORM.ipad })
    await expectHistory(later, groupID, whole.slice(0, -1))
    const bobs = await scene.js(bobID, { platformID: PLATFORM.ipad })
    await expectHistory(bobs, groupID, whole)
  })

  it('loses no message when the group grows beyond MAX_DIRECT_MEMBERS or shrinks below the limit', async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const [alice, bob, carol] = await Promise.all([scene.js(aliceID), scene.wasm(bobID), scene.js(carolID)])
    const crowd = await people(MAX_DIRECT_MEMBERS - 3)
    const groupID = await createGroup(alice, { members: [bobID, carolID, ...crowd] })
    for (const device of [alice, bob, carol]) await expectHistory(device, groupID, [1501])
    const newcomers = await people(20)
    const texts = Array.from({ length: 20 }, (_, i) => `text ${i}`)
    await Promise.all([
      (async () => {
        for (const text of texts) await sayTo(carol, groupID, text)
      })(),
      alice.call('inviteUserToGroup', { groupID, reason: '', userIDList: newcomers }),
    ])
    for (const device of [alice, bob]) {
      await received(device, 'text 19')
      const told = receivedBy(device).flatMap(({ text }) => (text === '' ? [] : [text]))
      expect(told.filter((text) => text.startsWith('text '))).toEqual(texts)
      const history = await eventually(
        device,
        () => groupHistory(device, groupID),
        (shown) => shown.length === 22,
        22,
      )
      expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
      await expectGroup(device, groupID, { memberCount: MAX_DIRECT_MEMBERS + 20 })
    }
    // The group shrinks below the limit, so its conversation delivers directly again.
    await alice.call('kickGroupMember', { groupID, reason: '', userIDList: newcomers })
    await sayTo(alice, groupID, 'fewer again')
    for (const device of [bob, carol]) {
      await received(device, 'fewer again')
      await expectConversation(device, groupID, { latest: 'fewer again' })
    }
  })

  it.each(SDKS)('gives the whole history to a member on %s who joins late', async (sdk) => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.js(aliceID)
    const groupID = await createGroup(alice, { needVerification: 2, members: await people(MAX_DIRECT_MEMBERS + 5) })
    await sayTo(alice, groupID, 'early')
    const bob = await scene.device(sdk, bobID)
    await bob.call('joinGroup', { groupID, reqMsg: '', joinSource: 3 })
    await sayTo(alice, groupID, 'hello bob')
    await received(bob, 'hello bob')
    await expectHistory(bob, groupID, [1501, 'early', 1510, 'hello bob'])
    await sayTo(bob, groupID, 'hello alice')
    expect(await received(alice, 'hello alice')).toMatchObject({ senderNickname: nicknameOf(bobID), seq: 5 })
  })
})

/** Registers users who never log in. */
async function people(count: number): Promise<string[]> {
  const run = randomUUID().slice(0, 6)
  const userIDs = Array.from({ length: count }, (_, i) => `p${run}x${i}`)
  await scene.rest.register(...userIDs)
  return userIDs
}

async function asBackend(path: string, body: object): Promise<unknown> {
  const answer = await scene.rest.post(path, body, { token: await scene.rest.adminToken() })
  expect(answer, JSON.stringify(answer)).toMatchObject({ errCode: 0 })
  return answer
}
