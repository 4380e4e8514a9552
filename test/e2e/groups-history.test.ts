import { describe, expect, it } from 'vitest'
import { Callbacks } from './rig/callbacks.ts'
import { type Client, received } from './rig/client.ts'
import { createGroup, expectConversation, expectHistory, groupChatID, sayTo } from './rig/groups.ts'
import { PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'

const scene = useScene({ browser: true, server: { env: { OPENIM_HISTORY_FOR_NEW_MEMBERS: '0' } } })

describe.each(SDKS)('a group without history for new members, on %s,', (sdk) => {
  it.each(['invited', 'not invited'])('hides earlier messages from a member who was %s', async (way) => {
    const { alice, bob, dave, groupID, callbacks } = await setUp()
    const come =
      way === 'invited'
        ? () => alice.call('inviteUserToGroup', { groupID, reason: '', userIDList: [dave.userID] })
        : () => dave.call('joinGroup', { groupID, reqMsg: '', joinSource: 3 })
    const others = ['OnGroupMemberAdded dave', 'OnGroupInfoChanged']
    await callbacks.during(come, { alice: others, bob: others, dave: ['OnJoinedGroupAdded', 'js: OnGroupInfoChanged'] })
    // Dave is the sender of the join notification when he was not invited, so it does not count as unread.
    const [arrival, unreadCount] = way === 'invited' ? [1509, 2] : [1510, 1]
    await sayTo(bob, groupID, 'hello dave')
    await received(dave, 'hello dave')
    for (const device of [dave, await scene.device(otherThan(sdk), dave.userID, { platformID: PLATFORM.ipad })]) {
      await expectHistory(device, groupID, [arrival, 'hello dave'])
      await expectConversation(device, groupID, { unreadCount, latest: 'hello dave' })
    }
    for (const device of [alice, bob]) {
      await expectHistory(device, groupID, [1501, 'one', 'two', arrival, 'hello dave'])
    }
    const token = await scene.token(dave.userID, PLATFORM.web)
    const pulled = await scene.rest.post<object>(
      '/msg/pull_msg_by_seq',
      {
        userID: dave.userID,
        seqRanges: [{ conversationID: groupChatID(groupID), begin: 1, end: 3, num: 10 }],
        order: 0,
      },
      { token },
    )
    expect(JSON.stringify(pulled)).not.toContain('"seq":2')
  })

  it('hides messages from before the last invitation when a member was removed and invited again', async () => {
    const { alice, bob, dave, groupID } = await setUp()
    const list = { groupID, reason: '', userIDList: [dave.userID] }
    await alice.call('inviteUserToGroup', list)
    await sayTo(bob, groupID, 'with dave')
    await received(dave, 'with dave')
    await alice.call('kickGroupMember', list)
    await dave.waitFor('OnJoinedGroupDeleted')
    await sayTo(bob, groupID, 'without dave')
    await alice.call('inviteUserToGroup', list)
    await sayTo(bob, groupID, 'with dave again')
    await received(dave, 'with dave again')
    const later = await scene.device(otherThan(sdk), dave.userID, { platformID: PLATFORM.ipad })
    await expectHistory(later, groupID, [1509, 'with dave again'])
    await expectHistory(alice, groupID, [
      ...[1501, 'one', 'two', 1509, 'with dave', 1508, 'without dave', 1509, 'with dave again'],
    ])
  })

  async function setUp(): Promise<{
    alice: Client
    bob: Client
    dave: Client
    groupID: string
    callbacks: Callbacks<'alice' | 'bob' | 'dave'>
  }> {
    const [aliceID, bobID, daveID] = await scene.users('alice', 'bob', 'dave')
    const [alice, bob, dave] = await Promise.all([
      scene.js(aliceID),
      scene.device(otherThan(sdk), bobID),
      scene.device(sdk, daveID),
    ])
    const groupID = await createGroup(alice, { members: [bobID], needVerification: 2 })
    for (const text of ['one', 'two']) await sayTo(alice, groupID, text)
    await expectHistory(bob, groupID, [1501, 'one', 'two'])
    return { alice, bob, dave, groupID, callbacks: new Callbacks(scene, { alice, bob, dave }) }
  }
})
