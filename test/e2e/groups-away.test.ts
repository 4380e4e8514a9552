import { describe, expect, it } from 'vitest'
import type { Client } from './rig/client.ts'
import {
  createGroup,
  eventually,
  expectConversation,
  expectHistory,
  expectNoGroup,
  groupConversation,
  groupHistory,
  joinedGroups,
  membersAt,
  ROLE,
  sayTo,
  shownAs,
} from './rig/groups.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'
import { WasmClient } from './rig/wasm-client.ts'

const scene = useScene({ browser: true })

/**
 * Errors that the SDKs log in a working group. Both ask for the senders of shown messages, which the server refuses to
 * former members. The Go core also renames the conversation of a new group before that conversation exists.
 */
const HARMLESS = /NoPermission|updateColumnsConversation no record updated/

/** Everything an app shows of its user's groups, except one of them. */
async function stateOf(device: Client, but = '') {
  const groups = (await joinedGroups(device)).filter(({ groupID }) => groupID !== but)
  return Promise.all(
    groups.map(async (group) => {
      const { unreadCount, latest, showName, faceURL } = await groupConversation(device, group.groupID)
      const history = (await groupHistory(device, group.groupID)).map((message) => [message.seq, shownAs(message)])
      return {
        ...group,
        members: await membersAt(device, group.groupID),
        unreadCount,
        latest,
        showName,
        faceURL,
        history,
      }
    }),
  )
}

/** Waits until these devices show the same groups. */
async function expectSame(devices: Client[], expected: unknown, but = ''): Promise<void> {
  for (const device of devices) {
    await expect.poll(() => stateOf(device, but), { message: device.userID }).toEqual(expected)
  }
}

describe('a group of an offline device', () => {
  it('shows on reconnect every change that Bob’s other devices show', async () => {
    const [aliceID, bobID, carolID, daveID] = await scene.users('alice', 'bob', 'carol', 'dave')
    const [alice, tablet, desk] = await Promise.all([
      scene.js(aliceID),
      scene.wasm(bobID, { platformID: PLATFORM.ipad }),
      scene.wasm(bobID),
    ])
    const [changing, left, quiet] = [
      await createGroup(alice, { groupName: 'Changing', members: [bobID, carolID] }),
      await createGroup(alice, { groupName: 'Left', members: [bobID, carolID] }),
      await createGroup(alice, { groupName: 'Quiet', members: [bobID, carolID] }),
    ]
    for (const groupID of [changing, left, quiet]) await expectHistory(desk, groupID, [1501])
    await desk.goOffline()

    await sayTo(alice, changing, 'while you were away')
    await alice.call('setGroupInfo', {
      groupID: changing,
      groupName: 'Changed',
      faceURL: 'https://faces.example/g.png',
    })
    await alice.call('setGroupInfo', { groupID: changing, notification: 'callbacks', ex: 'noted' })
    await alice.call('setGroupMemberInfo', {
      groupID: changing,
      userID: bobID,
      nickname: 'Bobo',
      roleLevel: ROLE.admin,
    })
    await alice.call('inviteUserToGroup', { groupID: changing, reason: '', userIDList: [daveID] })
    await alice.call('kickGroupMember', { groupID: changing, reason: '', userIDList: [carolID] })
    await alice.call('changeGroupMemberMute', { groupID: changing, userID: daveID, mutedSeconds: 900 })
    await alice.call('kickGroupMember', { groupID: left, reason: '', userIDList: [bobID] })
    await sayTo(alice, left, 'without bob')
    const joined = await createGroup(alice, { groupName: 'Joined', members: [daveID] })
    await sayTo(alice, joined, 'before bob')
    await alice.call('inviteUserToGroup', { groupID: joined, reason: '', userIDList: [bobID] })
    for (let i = 1; i <= 30; i++) await sayTo(alice, joined, `message ${i}`)
    await alice.call('transferGroupOwner', { groupID: joined, newOwnerUserID: bobID })

    const { mark } = desk.events
    await scene.reopen(desk)
    const fresh = await Promise.all([
      scene.js(bobID, { platformID: PLATFORM.android }),
      scene.wasm(bobID, { platformID: PLATFORM.linux }),
    ])
    // A device syncs groups, members and messages separately, so each state is waited for.
    const dave = { userID: daveID, muteEndTime: expect.toSatisfy((end: number) => end > 0) }
    const bobo = { userID: bobID, nickname: 'Bobo', roleLevel: ROLE.admin }
    const whole = {
      [changing]: {
        ...{
          groupName: 'Changed',
          notification: 'callbacks',
          ex: 'noted',
          showName: 'Changed',
          memberCount: 3,
          latest: 1512,
        },
        ...{ faceURL: 'https://faces.example/g.png', members: [{ userID: aliceID }, bobo, dave] },
      },
      [joined]: { groupName: 'Joined', ownerUserID: bobID, latest: 1507, history: { length: 34 } },
      [quiet]: { groupName: 'Quiet', memberCount: 3, latest: 1501 },
    }
    const byID = async () => Object.fromEntries((await stateOf(tablet)).map((group) => [group.groupID, group]))
    await expect.poll(byID).toMatchObject(whole)
    const expected = await stateOf(tablet)
    expect(expected.map(({ groupName }) => groupName).toSorted()).toEqual(['Changed', 'Joined', 'Quiet'])
    // A fresh device with the wasm SDK lists every group whose conversation it has.
    await expectSame([desk, ...fresh], expected, left)
    for (const device of [desk, tablet, fresh[0]]) await expectNoGroup(device, left)
    for (const [event, groupID] of [
      ['OnJoinedGroupDeleted', left],
      ['OnGroupInfoChanged', changing],
    ]) {
      await desk.waitFor(event ?? '', ({ data }) => JSON.stringify(data).includes(`"${groupID}"`), undefined, mark)
    }
    for (const device of [desk, tablet, ...fresh]) {
      if (device instanceof WasmClient) await expectHistory(device, left, [1501, 1508])
      expect(device.errors.filter((line) => !HARMLESS.test(line))).toEqual([])
    }
  })

  it('is removed from the group list on reconnect when the group was dismissed meanwhile', async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const [alice, desk] = await Promise.all([scene.js(aliceID), scene.wasm(bobID)])
    const groupID = await createGroup(alice, { members: [bobID, carolID] })
    await expectHistory(desk, groupID, [1501])
    await desk.goOffline()
    await alice.call('dismissGroup', groupID)
    const asAlice = { token: await scene.token(aliceID, PLATFORM.web) }
    await eventually(
      alice,
      () => scene.rest.post('/group/get_group_member_user_id', { groupID }, asAlice),
      ({ errCode }) => errCode === 1204,
      'a dismissed group',
    )
    const { mark } = desk.events
    await scene.reopen(desk)
    await desk.waitFor('OnJoinedGroupDeleted', undefined, undefined, mark)
    await expectNoGroup(desk, groupID)
    await expectHistory(desk, groupID, [1501, 1511])
    await expect(sayTo(desk, groupID, 'hello?')).rejects.toThrow(/1204|Dismissed/)
  })

  it('is unchanged after the server is killed, and accepts messages again', async () => {
    const [aliceID, bobID, carolID, daveID] = await scene.users('alice', 'bob', 'carol', 'dave')
    const alice = await scene.js(aliceID)
    const groupID = await createGroup(alice, { members: [bobID, carolID], notification: 'be kind' })
    await sayTo(alice, groupID, 'one')
    await alice.call('setGroupMemberInfo', { groupID, userID: bobID, nickname: 'Bobo', roleLevel: ROLE.admin })
    await alice.call('kickGroupMember', { groupID, reason: '', userIDList: [carolID] })
    await alice.call('changeGroupMute', { groupID, isMute: true })
    await alice.call('inviteUserToGroup', { groupID, reason: '', userIDList: [daveID] })
    const onHisPad = { platformID: PLATFORM.ipad }
    const [first, other] = await Promise.all([scene.js(bobID, onHisPad), scene.wasm(bobID, onHisPad)])
    await expect.poll(() => stateOf(first)).toMatchObject([{ groupID, status: 3, memberCount: 3, latest: 1509 }])
    const before = await stateOf(first)
    await expectSame([other], before)

    await scene.closeClients()
    await scene.server.kill9()
    await scene.server.start()
    const devices = await Promise.all([scene.js(bobID, onHisPad), scene.wasm(bobID, onHisPad)])
    await expectSame(devices, before)
    const dave = await scene.wasm(daveID)
    await expect(sayTo(dave, groupID, 'may I?')).rejects.toThrow(/1403|MutedGroup/)
    await sayTo(await scene.js(aliceID), groupID, 'after the cut')
    for (const device of [...devices, dave]) {
      await expectConversation(device, groupID, { latest: 'after the cut' })
    }
  })
})
