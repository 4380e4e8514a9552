import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Client, received } from './rig/client.ts'
import {
  createGroup,
  expectGroup,
  expectHistory,
  expectMembers,
  expectNoGroup,
  groupConversation,
  groupHistory,
  joinedGroups,
  membersAt,
  ROLE,
  sayTo,
  shownAs,
} from './rig/groups.ts'
import { News } from './rig/news.ts'
import { PLATFORM } from './rig/rest.ts'
import { otherThan, SDKS, useScene } from './rig/scene.ts'
import { WasmClient } from './rig/wasm-client.ts'

const scene = useScene({ browser: true })

/** Found by search. */
const JOIN_SOURCE = 3

const INVITED = 2

/** Told to those who are in the group when dave comes, and to him. */
const COMES = ['OnGroupMemberAdded dave', 'OnGroupInfoChanged']
const IS_IN = ['OnJoinedGroupAdded', 'js: OnGroupInfoChanged']

/** Told when he goes. */
const GOES = ['OnGroupMemberDeleted dave', 'OnGroupInfoChanged']
const IS_OUT = ['OnJoinedGroupDeleted', 'js: OnGroupInfoChanged']

describe.each(SDKS)('dave, on %s,', (sdk) => {
  let alice: Client
  let bob: Client
  let carol: Client
  let dave: Client
  let erin: Client
  let news: News<'alice' | 'bob' | 'carol' | 'dave' | 'erin'>
  const insiders = () => [alice, bob, carol]

  beforeAll(async () => {
    const [aliceID, bobID, carolID, daveID, erinID] = await scene.users('alice', 'bob', 'carol', 'dave', 'erin')
    const lasting = { lasting: true }
    ;[alice, bob, carol, dave, erin] = await Promise.all([
      scene.device(otherThan(sdk), aliceID, lasting),
      scene.device(sdk, bobID, lasting),
      scene.device(otherThan(sdk), carolID, lasting),
      scene.device(sdk, daveID, lasting),
      scene.js(erinID, lasting),
    ])
    news = new News(scene, { alice, bob, carol, dave, erin })
  })

  async function found(needVerification: number): Promise<string> {
    const groupID = await news.of(
      () => createGroup(alice, { members: [carol.userID], admins: [bob.userID], needVerification }),
      { alice: ['OnJoinedGroupAdded'], bob: ['OnJoinedGroupAdded'], carol: ['OnJoinedGroupAdded'] },
    )
    await sayTo(carol, groupID, 'before dave')
    await received(bob, 'before dave')
    return groupID
  }

  const apply = (groupID: string, reqMsg: string) =>
    news.of(() => dave.call('joinGroup', { groupID, reqMsg, joinSource: JOIN_SOURCE }), {
      alice: ['OnGroupApplicationAdded dave'],
      bob: ['OnGroupApplicationAdded dave'],
      dave: ['OnGroupApplicationAdded dave'],
    })

  it.each([0, 1])(
    'asks to come in where needVerification is %i, is refused, asks again and is let in',
    async (need) => {
      const groupID = await found(need)
      await apply(groupID, 'please')
      for (const manager of [alice, bob]) {
        await expect
          .poll(() => requestsAt(manager, 'getGroupApplicationListAsRecipient', groupID))
          .toEqual([{ userID: dave.userID, groupID, reqMsg: 'please', handleResult: 0 }])
      }
      // The JS SDK looks for the request of a manager who answers instead of the applicant's, and finds none.
      await news.of(() => bob.call('refuseGroupApplication', { groupID, fromUserID: dave.userID, handleMsg: 'full' }), {
        alice: ['wasm: OnGroupApplicationRejected dave'],
        bob: ['wasm: OnGroupApplicationRejected dave'],
        dave: ['OnGroupApplicationRejected dave'],
      })
      await expect
        .poll(() => requestsAt(dave, 'getGroupApplicationListAsApplicant', groupID))
        .toMatchObject([{ handleResult: -1 }])
      await expect(sayTo(dave, groupID, 'hey')).rejects.toThrow()

      await apply(groupID, 'pretty please')
      await news.of(() => alice.call('acceptGroupApplication', { groupID, fromUserID: dave.userID, handleMsg: 'ok' }), {
        alice: [...COMES, 'wasm: OnGroupApplicationAccepted dave'],
        bob: [...COMES, 'wasm: OnGroupApplicationAccepted dave'],
        carol: COMES,
        dave: [...IS_IN, 'OnGroupApplicationAccepted dave'],
      })
      await expect
        .poll(() => requestsAt(dave, 'getGroupApplicationListAsApplicant', groupID))
        .toMatchObject([{ reqMsg: 'pretty please', handleResult: 1 }])
      await expect(
        bob.call('acceptGroupApplication', { groupID, fromUserID: dave.userID, handleMsg: '' }),
      ).rejects.toThrow(/GroupRequestHandled|1206/i)
      await expectIn(groupID, JOIN_SOURCE, '')
      await sayTo(dave, groupID, 'hello all')
      for (const device of [...insiders(), dave]) {
        await expectHistory(device, groupID, [1501, 'before dave', 1510, 'hello all'])
      }
    },
  )

  it('walks in where needVerification is 2, and sees what was said before', async () => {
    const groupID = await found(2)
    await news.of(() => dave.call('joinGroup', { groupID, reqMsg: '', joinSource: JOIN_SOURCE }), {
      alice: COMES,
      bob: COMES,
      carol: COMES,
      dave: IS_IN,
    })
    await expectIn(groupID, 0, dave.userID)
    await expect(dave.call('joinGroup', { groupID, reqMsg: '', joinSource: JOIN_SOURCE })).rejects.toThrow(/Args/)
    await sayTo(alice, groupID, 'welcome')
    await received(dave, 'welcome')
    await expectHistory(dave, groupID, [1501, 'before dave', 1510, 'welcome'])
  })

  it.each([0, 2])('is brought in by carol, an ordinary member, where needVerification is %i', async (need) => {
    const groupID = await found(need)
    await invite(carol, groupID)
    await expectIn(groupID, INVITED, carol.userID)
    await expectHistory(dave, groupID, [1501, 'before dave', 1509])
  })

  it('is brought in by carol with the consent of bob, where needVerification is 1', async () => {
    const groupID = await found(1)
    // The JS SDK asks for a request of the one who invites, and finds none.
    await news.of(() => carol.call('inviteUserToGroup', { groupID, reason: 'a friend', userIDList: [dave.userID] }), {
      alice: ['wasm: OnGroupApplicationAdded dave'],
      bob: ['wasm: OnGroupApplicationAdded dave'],
      carol: ['wasm: OnGroupApplicationAdded dave'],
    })
    await expectNoGroup(dave, groupID)
    await news.of(() => bob.call('acceptGroupApplication', { groupID, fromUserID: dave.userID, handleMsg: '' }), {
      alice: [...COMES, 'wasm: OnGroupApplicationAccepted dave'],
      bob: [...COMES, 'wasm: OnGroupApplicationAccepted dave'],
      carol: COMES,
      dave: [...IS_IN, 'OnGroupApplicationAccepted dave'],
    })
    await expectIn(groupID, INVITED, carol.userID)
    await expectHistory(dave, groupID, [1501, 'before dave', 1509])
  })

  it('is brought in by bob, an administrator, without asking', async () => {
    const groupID = await found(1)
    await invite(bob, groupID)
    await expectIn(groupID, INVITED, bob.userID)
  })

  it('leaves: what is said then is not for him, and what was said before stays', async () => {
    const groupID = await found(2)
    await invite(alice, groupID)
    await sayTo(dave, groupID, 'bye')
    await news.of(() => dave.call('quitGroup', groupID), { alice: GOES, bob: GOES, carol: GOES, dave: IS_OUT })
    await expectOut(groupID)
    await sayTo(alice, groupID, 'he is gone')
    for (const device of [bob, carol]) await received(device, 'he is gone')
    await expect(sayTo(dave, groupID, 'one more thing')).rejects.toThrow()
    await expectHistory(alice, groupID, [1501, 'before dave', 1509, 'bye', 1504, 'he is gone'])
    await expectUnseen(groupID, 'he is gone')
  })

  it('is put out by bob, comes back, and sees what was said in between', async () => {
    const groupID = await found(2)
    await invite(alice, groupID)
    await sayTo(alice, groupID, 'with dave')
    await received(dave, 'with dave')
    await kick(bob, groupID)
    await expectOut(groupID)
    await expect(sayTo(dave, groupID, 'why?')).rejects.toThrow()
    await sayTo(carol, groupID, 'without dave')
    await received(alice, 'without dave')
    await expectUnseen(groupID, 'without dave')

    await invite(carol, groupID)
    await sayTo(alice, groupID, 'with dave again')
    await received(dave, 'with dave again')
    await sayTo(dave, groupID, 'missed you')
    const whole = [1501, 'before dave', 1509, 'with dave', 1508, 'without dave', 1509, 'with dave again', 'missed you']
    for (const device of insiders()) await expectHistory(device, groupID, whole)
    // The JS SDK counts the messages it gets, and after a time away takes the last ones for older than they are.
    if (dave instanceof WasmClient) await expectHistory(dave, groupID, whole)
    const later = await scene.device(otherThan(sdk), dave.userID, { platformID: PLATFORM.ipad })
    await expectHistory(later, groupID, whole)
    await expectGroup(later, groupID, { memberCount: 4 })
  })

  it('has no say over who is in it, as an ordinary member', async () => {
    const groupID = await found(0)
    await invite(alice, groupID)
    const refused = /NoPermission|Args/
    const list = { groupID, reason: '', userIDList: [carol.userID] }
    await expect(dave.call('kickGroupMember', list)).rejects.toThrow(refused)
    await expect(bob.call('kickGroupMember', { ...list, userIDList: [alice.userID] })).rejects.toThrow(refused)
    await expect(alice.call('quitGroup', groupID)).rejects.toThrow(refused)
    await expect(dave.call('transferGroupOwner', { groupID, newOwnerUserID: dave.userID })).rejects.toThrow(refused)
    await expect(
      dave.call('setGroupMemberInfo', { groupID, userID: dave.userID, roleLevel: ROLE.admin }),
    ).rejects.toThrow(refused)
    await expect.poll(async () => (await membersAt(alice, groupID)).map(({ userID }) => userID)).toHaveLength(4)
    expect((await joinedGroups(erin)).map((group) => group.groupID)).toEqual([])
  })

  const invite = (by: Client, groupID: string) =>
    news.of(() => by.call('inviteUserToGroup', { groupID, reason: '', userIDList: [dave.userID] }), {
      alice: COMES,
      bob: COMES,
      carol: COMES,
      dave: IS_IN,
    })

  const kick = (by: Client, groupID: string) =>
    news.of(() => by.call('kickGroupMember', { groupID, reason: '', userIDList: [dave.userID] }), {
      alice: GOES,
      bob: GOES,
      carol: GOES,
      dave: IS_OUT,
    })

  async function expectIn(groupID: string, joinSource: number, inviterUserID: string): Promise<void> {
    for (const device of [...insiders(), dave]) {
      await expectGroup(device, groupID, { memberCount: 4 })
      const him = { userID: dave.userID, roleLevel: ROLE.member, joinSource, inviterUserID }
      await expectMembers(device, groupID, [{}, {}, {}, him])
    }
  }

  async function expectOut(groupID: string): Promise<void> {
    for (const device of insiders()) {
      await expectGroup(device, groupID, { memberCount: 3 })
      const left = [alice, bob, carol].map(({ userID }) => ({ userID }))
      await expectMembers(device, groupID, left)
    }
    await expectNoGroup(dave, groupID)
  }

  /** The JS SDK asks for the senders of what it shows, which is not for those who have left: it shows them nothing. */
  async function expectUnseen(groupID: string, text: string): Promise<void> {
    expect((await groupConversation(dave, groupID)).latest).not.toBe(text)
    const later = await scene.device(otherThan(sdk), dave.userID, { platformID: PLATFORM.ipad })
    for (const device of [dave, later].filter((one) => one instanceof WasmClient)) {
      const shown = async () => (await groupHistory(device, groupID)).map(shownAs)
      await expect.poll(shown).toContain('before dave')
      expect(await shown()).not.toContain(text)
    }
    await later.close()
  }
})

const Requests = z.array(
  z.object({ userID: z.string(), groupID: z.string(), reqMsg: z.string(), handleResult: z.number() }),
)

async function requestsAt(client: Client, method: string, groupID: string) {
  const asked = { groupID: [], handleResults: [], offset: 0, count: 100 }
  return Requests.parse(await client.call(method, asked)).filter((request) => request.groupID === groupID)
}
