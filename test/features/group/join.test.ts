import { beforeEach, describe, expect, it } from 'vitest'
import { announceInvitationRequests } from '../../../src/features/group/membership/announce-invitation-requests.ts'
import { createContext } from '../../../src/runtime/context.ts'
import { cast, expectTold, found, type GroupShadow } from '../../rigs/group-shadow.ts'
import { adminToken, bindings, post, register, until } from '../../rigs/rig.ts'

let groupID: string
let olga: GroupShadow
let adam: GroupShadow
let mia: GroupShadow
let ann: GroupShadow
let stranger: GroupShadow

beforeEach(async () => {
  ;({ olga, adam, mia, ann, stranger } = await cast('olga', 'adam', 'mia', 'ann', 'stranger'))
})

const open = async (needVerification: number) => {
  groupID = await found(olga, { admins: [adam], members: [mia], info: { needVerification } })
}
const join = (given: object = {}, by = ann) =>
  by.call('join_group', { groupID, reqMessage: 'hello', joinSource: 3, inviterUserID: by.userID, ...given })
const invite = (by: GroupShadow, ...whom: GroupShadow[]) =>
  by.call('invite_user_to_group', { groupID, reason: 'why', invitedUserIDs: whom.map(({ userID }) => userID) })
const answer = (by: GroupShadow, handleResult: number, given: object = {}) =>
  by.call('group_application_response', {
    ...{ groupID, fromUserID: ann.userID, handledMsg: 'words', handleResult },
    ...given,
  })
const asApp = async (verb: string, body: object) => post(`/group/${verb}`, body, await adminToken())
const memberOf = async (userID: string) =>
  (await olga.call('get_group_members_info', { groupID, userIDs: [userID] })).data.members[0]
const requestOf = async (userID: string) =>
  (await olga.call('get_specified_user_group_request_info', { groupID, userID })).data.groupRequests?.[0]

/** The ways in, by what the group wants: at once, or by request. */
describe.each([
  [0, { join: 'asks', member: 'enters', admin: 'enters', owner: 'enters', app: 'enters' }],
  [1, { join: 'asks', member: 'asks', admin: 'enters', owner: 'enters', app: 'enters' }],
  [2, { join: 'enters', member: 'enters', admin: 'enters', owner: 'enters', app: 'enters' }],
] as const)('with needVerification %d', (needVerification, ways) => {
  it.each([
    ['who joins', 'join', () => join()],
    ['whom a member invites', 'member', () => invite(mia, ann)],
    ['whom an administrator invites', 'admin', () => invite(adam, ann)],
    ['whom the owner invites', 'owner', () => invite(olga, ann)],
    ['whom the app invites', 'app', () => asApp('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID] })],
  ] as const)('a user %s comes in as told', async (_who, way, act) => {
    await open(needVerification)
    expect(await act()).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect((await memberOf(ann.userID)) !== undefined).toBe(ways[way] === 'enters')
    expect((await requestOf(ann.userID)) !== undefined).toBe(ways[way] === 'asks')
  })
})

describe('join_group', () => {
  it('tells everybody, the newcomer included, and puts it into the chat (1510)', async () => {
    await open(2)
    await join()
    const { detail, from } = await expectTold(1510, [mia, olga, adam, ann], [stranger])
    expect(from).toBe(ann.userID)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 4 },
      entrantUser: { userID: ann.userID, nickname: `nick of ${ann.userID}`, roleLevel: 20, joinSource: 0 },
      operationTime: expect.any(Number),
    })
    expect([mia, ann].map((shadow) => shadow.inChat(1510).map(({ seq }) => seq))).toEqual([[2], [2]])
    expect(await memberOf(ann.userID)).toMatchObject({ joinSource: 0, inviterUserID: ann.userID })
  })

  it('tells who manages the group, and the applicant, of a request (1503), and nobody else', async () => {
    await open(0)
    await join({ ex: 'x' })
    const { detail, conversationID } = await expectTold(1503, [olga, adam, ann], [mia, stranger])
    const pair = [ann.userID, olga.userID].sort().join('_')
    expect(conversationID).toBe(`n_${pair}`)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 3 },
      applicant: { userID: ann.userID, nickname: `nick of ${ann.userID}` },
      reqMsg: 'hello',
      request: { handleResult: 0, reqMsg: 'hello', joinSource: 3, ex: 'x', userInfo: { userID: ann.userID } },
    })
    expect(detail.uuid).toMatch(/^[0-9a-f-]{36}$/)
    expect(olga.inChat(1503)).toEqual([])
    expect((await requestOf(ann.userID)).inviterUserID).toBe('')
  })

  it('asked again replaces the request, under a uuid of its own', async () => {
    await open(0)
    await join()
    await answer(olga, -1)
    await join({ reqMessage: 'please' })
    await expectTold(1503, [olga, adam, ann], [], 2)
    expect(new Set(olga.told(1503).map(({ detail }) => detail.uuid)).size).toBe(2)
    expect(await requestOf(ann.userID)).toMatchObject({
      handleResult: 0,
      reqMsg: 'please',
      handleMsg: '',
      handleTime: 0,
    })
  })

  it('is for oneself; an administrator of the app may bring somebody in', async () => {
    await open(2)
    expect((await join({ inviterUserID: ann.userID }, stranger)).errCode).toBe(1002)
    expect((await asApp('join_group', { groupID, joinSource: 1, inviterUserID: ann.userID })).errCode).toBe(0)
    const { from } = await expectTold(1510, [mia, olga, adam, ann], [stranger])
    expect(from).toBe('imAdmin')
    expect((await join({ inviterUserID: '' }, stranger)).errCode).toBe(0)
    expect(await memberOf(stranger.userID)).toBeDefined()
  })

  it.each<[string, number, () => Promise<{ errCode: number }>]>([
    ['a member', 1001, () => join({}, mia)],
    ['a group that does not exist', 1004, () => join({ groupID: 'nowhere' })],
    ['no group', 1001, () => join({ groupID: '' })],
    ['a way in that there is not', 1001, () => join({ joinSource: 5 })],
    ['no way in', 1001, () => join({ joinSource: 0 })],
    ['too many words', 1001, () => join({ reqMessage: 'x'.repeat(2_049) })],
    ['an unknown user', 1004, () => asApp('join_group', { groupID, joinSource: 3, inviterUserID: 'nobody_at_all' })],
  ])('refuses %s with %d', async (_what, code, act) => {
    await open(2)
    expect((await act()).errCode).toBe(code)
    for (const kind of [1503, 1510]) await expectTold(kind, [], [olga, adam, mia, ann])
  })

  it('refuses a group that was dismissed', async () => {
    await open(2)
    await olga.call('dismiss_group', { groupID })
    expect((await join()).errCode).toBe(1204)
  })
})

describe('invite_user_to_group', () => {
  it('tells everybody, those invited included, and puts it into the chat (1509)', async () => {
    await open(0)
    await invite(mia, ann, stranger)
    const { detail, from } = await expectTold(1509, [olga, adam, mia, ann, stranger])
    expect(from).toBe(mia.userID)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 5 },
      opUser: { userID: mia.userID, roleLevel: 20 },
      inviterUser: { userID: mia.userID },
      invitedUserList: [{ userID: ann.userID, joinSource: 2, inviterUserID: mia.userID }, { userID: stranger.userID }],
    })
    expect([olga, ann].map((shadow) => shadow.inChat(1509).map(({ seq }) => seq))).toEqual([[2], [2]])
  })

  it('with sendMessage false leaves the chat as it is', async () => {
    await open(0)
    await mia.call('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID], sendMessage: false })
    await expectTold(1509, [olga, adam, mia, ann], [stranger])
    expect([olga, ann].map((shadow) => shadow.inChat(1509))).toEqual([[], []])
  })

  it('by a member who has to ask names the member as the applicant, once for each user', async () => {
    await open(1)
    await invite(mia, ann, stranger)
    const { detail } = await expectTold(1503, [olga, adam, mia], [ann, stranger], 2)
    expect(detail).toMatchObject({ applicant: { userID: mia.userID }, reqMsg: 'why' })
    const asked = olga.told(1503).map(({ detail: { request, uuid } }) => [request.userInfo.userID, uuid])
    expect(asked.map(([userID]) => userID)).toEqual([ann.userID, stranger.userID])
    expect(new Set(asked.map(([, uuid]) => uuid)).size).toBe(2)
    expect(await requestOf(ann.userID)).toMatchObject({ joinSource: 2, inviterUserID: mia.userID, reqMsg: 'why' })
  })

  it('by a member who has to ask for many leaves it to the queue to tell of each', async () => {
    await open(1)
    const crowd = Array.from({ length: 150 }, (_, i) => `wish_${olga.userID}_${String(i).padStart(3, '0')}`)
    await register(...crowd)
    const body = { groupID, reason: 'all my friends', invitedUserIDs: crowd }
    expect((await mia.call('invite_user_to_group', body)).errCode).toBe(0)
    const { data } = await olga.call('get_group_users_req_application_list', { groupID, userIDs: crowd })
    expect(data.groupRequests.map((request: { inviterUserID: string }) => request.inviterUserID)).toEqual(
      crowd.map(() => mia.userID),
    )
    await until(() => [olga, adam, mia].every((shadow) => shadow.told(1503).length === crowd.length))
    for (const shadow of [olga, adam, mia]) {
      const named = shadow.told(1503).map(({ detail }) => detail.request.userInfo.userID)
      expect(named.toSorted()).toEqual(crowd)
    }
    expect(olga.told(1503)[0]).toMatchObject({
      from: mia.userID,
      detail: { applicant: { userID: mia.userID }, reqMsg: 'all my friends' },
    })
  })

  it('tells of what many were asked for once, however often, and not of what was answered already', async () => {
    await open(1)
    await invite(mia, ann, stranger)
    await expectTold(1503, [olga, adam, mia], [], 2)
    await answer(adam, -1)
    const asked = [ann, stranger].map(({ userID }) => ({ userID, uuid: crypto.randomUUID() }))
    const context = createContext(bindings, 'asked-for')
    for (let i = 0; i < 2; i++) await announceInvitationRequests(context, { groupID, inviterUserID: mia.userID, asked })
    await expectTold(1503, [olga, adam, mia], [], 3)
    expect(olga.told(1503).at(-1)?.detail).toMatchObject({
      uuid: asked[1]?.uuid,
      request: { userInfo: { userID: stranger.userID } },
    })
  })

  it('names fifty to a notice, each a version further, and takes all of them in', async () => {
    await open(0)
    const crowd = Array.from({ length: 120 }, (_, i) => `guest_${olga.userID}_${i}`)
    await register(...crowd)
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: crowd })
    await until(() => mia.told(1509).length === 3)
    expect(mia.told(1509).map(({ detail }) => detail.invitedUserList.length)).toEqual([50, 50, 20])
    const versions = mia.told(1509).map(({ detail }) => detail.groupMemberVersion)
    expect(versions).toEqual([versions[0], versions[0] + 1, versions[0] + 2])
    expect(Object.keys((await mia.known()).members[groupID] ?? {})).toHaveLength(123)
    expect(mia.asked).toBe(0)
  })

  it.each<[string, number, () => Promise<{ errCode: number }>]>([
    ['nobody', 1001, () => invite(olga)],
    ['somebody twice', 1001, () => invite(olga, ann, ann)],
    ['a member', 1001, () => invite(olga, ann, mia)],
    ['by a stranger', 1002, () => invite(stranger, ann)],
    ['an unknown user', 1004, () => olga.call('invite_user_to_group', { groupID, invitedUserIDs: ['nobody_at_all'] })],
    ['to no group', 1004, () => olga.call('invite_user_to_group', { groupID: 'no', invitedUserIDs: [ann.userID] })],
    [
      'too many at once',
      1001,
      () =>
        olga.call('invite_user_to_group', {
          groupID,
          invitedUserIDs: Array.from({ length: 1_001 }, (_, i) => `u${i}`),
        }),
    ],
  ])('refuses %s with %d, and takes nobody in', async (_what, code, act) => {
    await open(0)
    expect((await act()).errCode).toBe(code)
    expect(await memberOf(ann.userID)).toBeUndefined()
    await expectTold(1509, [], [olga, adam, mia, ann])
  })

  it('refuses a group that was dismissed', async () => {
    await open(0)
    await olga.call('dismiss_group', { groupID })
    const reply = await asApp('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID] })
    expect(reply.errCode).toBe(1204)
  })
})

describe('group_application_response', () => {
  it('with 1 lets an applicant in: 1510 for all, 1505 for who manages and the applicant', async () => {
    await open(0)
    await join({ joinSource: 4 })
    expect(await answer(adam, 1)).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    const { detail } = await expectTold(1505, [olga, adam, ann], [mia, stranger])
    expect(detail).toMatchObject({
      group: { groupID },
      opUser: { userID: adam.userID },
      handleMsg: 'words',
      receiverAs: 1,
      request: { handleResult: 1, handleMsg: 'words', handleUserID: adam.userID, userInfo: { userID: ann.userID } },
    })
    expect(ann.told(1505)[0]?.detail.receiverAs).toBe(0)
    expect(ann.told(1505)[0]?.detail.uuid).toBe(detail.uuid)
    const entered = await expectTold(1510, [olga, adam, mia, ann], [stranger])
    expect(entered.detail).toMatchObject({ entrantUser: { userID: ann.userID }, group: { memberCount: 4 } })
    expect(await memberOf(ann.userID)).toMatchObject({ joinSource: 4, operatorUserID: adam.userID })
  })

  it('with 1 lets in whom a member asked for, as invited by that member (1509)', async () => {
    await open(1)
    await invite(mia, ann)
    await answer(olga, 1)
    const { detail } = await expectTold(1509, [olga, adam, mia, ann], [stranger])
    expect(detail).toMatchObject({
      opUser: { userID: olga.userID },
      inviterUser: { userID: mia.userID },
      invitedUserList: [{ userID: ann.userID, joinSource: 2, inviterUserID: mia.userID }],
    })
    await expectTold(1510, [], [olga, adam, mia, ann])
  })

  it('with -1 refuses: 1506 for who manages and the applicant', async () => {
    await open(0)
    await join()
    await answer(adam, -1)
    const { detail } = await expectTold(1506, [olga, adam, ann], [mia, stranger])
    expect(detail).toMatchObject({ handleMsg: 'words', receiverAs: 1, request: { handleResult: -1 } })
    expect(ann.told(1506)[0]?.detail.receiverAs).toBe(0)
    expect(await memberOf(ann.userID)).toBeUndefined()
    expect(await requestOf(ann.userID)).toMatchObject({
      ...{ handleResult: -1, handleMsg: 'words', handleUserID: adam.userID, handleTime: expect.any(Number) },
    })
  })

  it('for somebody who came in another way meanwhile only tells of it', async () => {
    await open(0)
    await join()
    await invite(olga, ann)
    await expectTold(1509, [mia])
    expect((await answer(adam, 1)).errCode).toBe(0)
    await expectTold(1505, [olga, adam, ann], [mia])
    await expectTold(1510, [], [mia])
  })

  it('is for the owner, administrators of the group and of the app, once', async () => {
    await open(0)
    await join()
    expect((await answer(mia, 1)).errCode).toBe(1002)
    expect((await answer(ann, 1)).errCode).toBe(1002)
    expect(
      (await asApp('group_application_response', { groupID, fromUserID: ann.userID, handleResult: 1 })).errCode,
    ).toBe(0)
    expect((await answer(olga, 1)).errCode).toBe(1206)
    expect((await answer(olga, -1)).errCode).toBe(1206)
  })

  it('refuses what nobody asked for, and other results', async () => {
    await open(0)
    expect((await answer(olga, 1)).errCode).toBe(1004)
    expect((await answer(olga, 1, { groupID: 'nowhere' })).errCode).toBe(1004)
    await join()
    for (const handleResult of [0, 2, -2]) expect((await answer(olga, handleResult)).errCode).toBe(1001)
    expect((await answer(olga, 1, { fromUserID: '' })).errCode).toBe(1001)
    expect((await answer(olga, 1, { handledMsg: 'x'.repeat(2_049) })).errCode).toBe(1001)
    expect((await requestOf(ann.userID)).handleResult).toBe(0)
  })
})
