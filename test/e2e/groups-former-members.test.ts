import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { messageFrom, received } from './rig/client.ts'
import { createGroup, expectHistory, groupChatID, sayTo } from './rig/groups.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene()

describe('the history of a former member on client-sdk', () => {
  it.each([
    ['a dismissal', 'dismissGroup', 1511],
    ['a kick', 'kickGroupMember', 1508],
    ['quitting', 'quitGroup', 1504],
  ])('is shown after %s, on the connected device and on a new one, with the senders', async (_how, verb, notice) => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = await Promise.all([scene.js(aliceID), scene.js(bobID)])
    const groupID = await createGroup(alice, { members: [bobID], needVerification: 2 })
    await sayTo(alice, groupID, 'from alice')
    await received(bob, 'from alice')
    await sayTo(bob, groupID, 'from bob')
    if (verb === 'quitGroup') await bob.call(verb, groupID)
    else if (verb === 'dismissGroup') await alice.call(verb, groupID)
    else await alice.call(verb, { groupID, reason: '', userIDList: [bobID] })
    if (verb !== 'dismissGroup') await sayTo(alice, groupID, 'without bob')
    for (const device of [bob, await scene.js(bobID, { platformID: PLATFORM.ipad })]) {
      await expectHistory(device, groupID, [1501, 'from alice', 'from bob', notice])
      const query = { conversationID: groupChatID(groupID), startClientMsgID: '', count: 10 }
      const { messageList } = z
        .object({ messageList: z.array(z.object({ sendID: z.string(), senderNickname: z.string() }).loose()) })
        .parse(await device.call('getAdvancedHistoryMessageList', query))
      const texts = messageList.filter((message) => messageFrom(message).contentType < 1_000)
      expect(texts.map(({ sendID, senderNickname }) => [sendID, senderNickname !== ''])).toEqual([
        [aliceID, true],
        [bobID, true],
      ])
    }
  })
})
