import { describe, expect, it } from 'vitest'
import { createClient, MemoryStore } from '../../sdk/src/client.ts'
import { shown, textsOf, until, useOwnClients } from './rig/own-client.ts'
import { nicknameOf, PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene()
const own = useOwnClients(scene)

describe('our client', () => {
  it('makes friends, sets a remark, and ends the friendship', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const bob = await own.login(bobID)
    await alice.addFriend(bobID, 'it is me')
    const [request] = await until(bob.applications, (list) => list.length === 1 && list)
    expect(request).toMatchObject({ from: { userID: aliceID }, toUserID: bobID, message: 'it is me', handleResult: 0 })
    await bob.answerFriendRequest(aliceID, true)
    expect(bob.applications.get()).toEqual([])
    for (const [client, peerID] of [
      [alice, bobID],
      [bob, aliceID],
    ] as const) {
      const [friend] = await until(client.friends, (list) => list.length === 1 && list)
      expect(friend).toMatchObject({ userID: peerID, nickname: nicknameOf(peerID) })
    }
    await until(alice.conversations, ({ conversations }) => conversations.length === 1)
    await alice.setRemark(bobID, 'Bobby')
    await until(alice.conversations, ({ conversations }) => conversations[0]?.showName === 'Bobby')
    await bob.updateSelf({ nickname: 'Robert' })
    await until(alice.friends, ([friend]) => friend?.nickname === 'Robert')
    await alice.deleteFriend(bobID)
    expect(alice.friends.get()).toEqual([])
    await alice.block(bobID)
    expect(alice.blockedUsers.get()).toMatchObject([{ userID: bobID, nickname: 'Robert' }])
    await alice.unblock(bobID)
    expect(alice.blockedUsers.get()).toEqual([])
  })

  it('founds a group, manages its members and mentions them', async () => {
    const [aliceID, bobID, carolID] = await scene.users('alice', 'bob', 'carol')
    const alice = await own.login(aliceID)
    const bob = await own.login(bobID)
    const carol = await own.login(carolID)
    const { groupID } = await alice.createGroup('Hikers', [bobID])
    for (const client of [alice, bob]) {
      await until(client.groups, ([group]) => group?.groupName === 'Hikers')
      await until(client.conversations, ({ conversations }) => conversations[0]?.showName === 'Hikers')
    }
    await alice.invite(groupID, [carolID])
    await until(carol.groups, ([group]) => group?.groupID === groupID)
    const members = await alice.getMembers(groupID, { offset: 0, count: 10 })
    expect(members.map(({ userID, roleLevel }) => ({ userID, roleLevel }))).toEqual([
      { userID: aliceID, roleLevel: 100 },
      { userID: bobID, roleLevel: 20 },
      { userID: carolID, roleLevel: 20 },
    ])
    expect(await alice.getMembers(groupID, { offset: 1, count: 2 })).toEqual(members.slice(1))

    const thread = alice.openThread({ groupID })
    const mentions = [{ userID: bobID, groupNickname: nicknameOf(bobID) }]
    thread.send({ kind: 'mention', text: '@Bob hello', mentions })
    const bobsThread = bob.openThread({ groupID })
    const mention = await shown(bobsThread, '@Bob hello')
    expect(mention.content).toMatchObject({ kind: 'mention', isAtSelf: true, mentions })
    await until(bob.conversations, ({ conversations }) => conversations[0]?.groupAtType === 1)
    await bobsThread.markRead()
    await until(bob.conversations, ({ conversations: [first] }) => first?.groupAtType === 0 && first.unreadCount === 0)

    await alice.updateGroup(groupID, { groupName: 'Climbers' })
    await until(bob.groups, ([group]) => group?.groupName === 'Climbers')
    await until(bob.conversations, ({ conversations }) => conversations[0]?.showName === 'Climbers')
    await alice.setMemberRole(groupID, bobID, 60)
    await bob.muteMember(groupID, carolID, 60)
    const carolsThread = carol.openThread({ groupID })
    carolsThread.send({ kind: 'text', text: 'muted' })
    const failed = await until(carolsThread.state, ({ messages }) => messages.find(({ status }) => status === 'failed'))
    expect(failed.error).toMatchObject({ errCode: 1402 })
    await alice.removeMembers(groupID, [carolID])
    await until(carol.groups, (groups) => groups.length === 0)
    await alice.transferOwner(groupID, bobID)
    await until(bob.groups, ([group]) => group?.ownerUserID === bobID)
    await alice.leaveGroup(groupID)
    expect(alice.groups.get()).toEqual([])
    expect(await bob.getMembers(groupID, { offset: 0, count: 10 })).toMatchObject([{ userID: bobID, roleLevel: 100 }])
  })

  it('changes the settings of a conversation on all devices, and hides it until a new message', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const phone = await own.login(aliceID, { platformID: PLATFORM.ios })
    const bob = await own.login(bobID)
    const { conversationID } = bob.openThread({ userID: aliceID })
    bob.send({ userID: aliceID }, { kind: 'text', text: 'hello' })
    await until(alice.conversations, ({ totalUnread }) => totalUnread === 1)
    await alice.setConversation(conversationID, { isPinned: true, recvMsgOpt: 2, ex: 'mine' })
    const changed = { isPinned: true, recvMsgOpt: 2, ex: 'mine' }
    await until(phone.conversations, ({ conversations }) => conversations[0]?.isPinned)
    expect(phone.conversations.get().conversations[0]).toMatchObject(changed)
    expect(phone.conversations.get().totalUnread).toBe(0)
    await alice.hideConversation(conversationID)
    expect(alice.conversations.get().conversations).toEqual([])
    bob.send({ userID: aliceID }, { kind: 'text', text: 'still there?' })
    await until(alice.conversations, ({ conversations }) => conversations[0]?.latestMessage?.seq === 2)
    const thread = alice.openThread({ conversationID })
    await shown(thread, 'still there?')
  })

  it('watches the presence of a user', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const presence = alice.presence(bobID)
    const unwatch = presence.subscribe(() => {})
    await until(presence, (now) => now && !now.isOnline)
    const bob = await own.login(bobID)
    await until(presence, (now) => now?.isOnline && now.platformIDs.includes(PLATFORM.web))
    await bob.disconnect()
    await until(presence, (now) => now && !now.isOnline)
    unwatch()
  })

  it('uploads a picture with progress before its message, and a file in parts', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const thread = alice.openThread({ userID: bobID })
    const file = new Blob([crypto.getRandomValues(new Uint8Array(10_000))], { type: 'image/png' })
    thread.send({ kind: 'picture', file, name: 'a b.png', width: 10, height: 20 })
    const message = await until(thread.state, ({ messages }) => messages.find(({ seq }) => seq > 0))
    if (message.content.kind !== 'picture') throw new Error(`the message is a ${message.content.kind}`)
    expect(message.content.source).toMatchObject({ size: 10_000, width: 10, height: 20, type: 'image/png' })
    const stored = await fetch(message.content.source.url)
    expect(await stored.bytes()).toEqual(await file.bytes())

    const bytes = new Uint8Array(11 * 2 ** 20)
    for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
    const parts: number[] = []
    const cancel = new AbortController()
    const onProgress = (part: number) => {
      parts.push(part)
      cancel.abort()
    }
    const big = new Blob([bytes])
    const broken = alice.upload(big, 'big.bin', { onProgress, signal: cancel.signal })
    await expect(broken).rejects.toMatchObject({ reason: 'cancelled' })
    const rest: number[] = []
    const { url, size } = await alice.upload(big, 'big.bin', { onProgress: (part) => rest.push(part) })
    expect(size).toBe(bytes.length)
    // The first part is not sent again.
    expect(rest.length).toBe(3)
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(Buffer.from(bytes))).toBe(true)
  })

  it('finds local messages, and forgets them when the user signs out', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const store = new MemoryStore()
    const alice = await own.login(aliceID, { store })
    const thread = alice.openThread({ userID: bobID })
    for (const text of ['An apple', 'a pear', 'APPLES']) thread.send({ kind: 'text', text })
    await shown(thread, 'APPLES')
    expect((await alice.searchLocal('apple')).map(({ seq }) => seq)).toEqual([3, 1])
    await alice.signOut()
    const again = createClient({ api: scene.server.url, userID: aliceID, token: 'unused', store })
    const empty = again.openThread({ userID: bobID })
    await until(empty.state, ({ isLoaded }) => isLoaded)
    expect(textsOf(empty)).toEqual([])
  })
})
