import { beforeEach, describe, expect, it } from 'vitest'
import { announceInvitationRequests } from '../../../src/features/group/membership/announce-invitation-requests.ts'
import { createContext } from '../../../src/runtime/context.ts'
import { cast, createTestGroup, expectNotified, type GroupShadow } from '../../rigs/group-shadow.ts'
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
  groupID = await createTestGroup(olga, { admins: [adam], members: [mia], info: { needVerification } })
}
const join = (given: object = {}, by = ann) =>
  by.call('join_group', { groupID, reqMessage: 'hello', joinSource: 3, inviterUserID: by.userID, ...given })
const invite = (by: GroupShadow, ...invited: GroupShadow[]) =>
  by.call('invite_user_to_group', { groupID, reason: 'why', invitedUserIDs: invited.map(({ userID }) => userID) })
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

/** Whether a user becomes a member at once or by request, for each value of needVerification. */
describe.each([
  [0, { self: 'requests', member: 'enters', admin: 'enters', owner: 'enters', app: 'enters' }],
  [1, { self: 'requests', member: 'requests', admin: 'enters', owner: 'enters', app: 'enters' }],
  [2, { self: 'enters', member: 'enters', admin: 'enters', owner: 'enters', app: 'enters' }],
] as const)('a group with needVerification %d', (needVerification, ways) => {
  it.each([
    ['joins by themselves', 'self', () => join()],
    ['is invited by a member', 'member', () => invite(mia, ann)],
    ['is invited by a group administrator', 'admin', () => invite(adam, ann)],
    ['is invited by the owner', 'owner', () => invite(olga, ann)],
    [
      'is invited by an app administrator',
      'app',
      () => asApp('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID] }),
    ],
  ] as const)('adds the user or stores a request when the user %s', async (_case, way, act) => {
    await open(needVerification)
    expect(await act()).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    expect((await memberOf(ann.userID)) !== undefined).toBe(ways[way] === 'enters')
    expect((await requestOf(ann.userID)) !== undefined).toBe(ways[way] === 'requests')
  })
})

describe('join_group', () => {
  it('notifies all members and the new member, also in the chat (notification 1510)', async () => {
    await open(2)
    await join()
    const { detail, from } = await expectNotified(1510, [mia, olga, adam, ann], [stranger])
    expect(from).toBe(ann.userID)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 4 },
      entrantUser: { userID: ann.userID, nickname: `nick of ${ann.userID}`, roleLevel: 20, joinSource: 0 },
      operationTime: expect.any(Number),
    })
    expect([mia, ann].map((shadow) => shadow.inChat(1510).map(({ seq }) => seq))).toEqual([[2], [2]])
    expect(await memberOf(ann.userID)).toMatchObject({ joinSource: 0, inviterUserID: ann.userID })
  })

  it('notifies only the managers and the applicant of a request (notification 1503)', async () => {
    await open(0)
    await join({ ex: 'x' })
    const { detail, conversationID } = await expectNotified(1503, [olga, adam, ann], [mia, stranger])
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

  it('replaces an earlier request, with a new uuid in the notification', async () => {
    await open(0)
    await join()
    await answer(olga, -1)
    await join({ reqMessage: 'please' })
    await expectNotified(1503, [olga, adam, ann], [], 2)
    expect(new Set(olga.notifications(1503).map(({ detail }) => detail.uuid)).size).toBe(2)
    expect(await requestOf(ann.userID)).toMatchObject({
      handleResult: 0,
      reqMsg: 'please',
      handleMsg: '',
      handleTime: 0,
    })
  })

  it('refuses to add other users, except when an app administrator calls', async () => {
    await open(2)
    expect((await join({ inviterUserID: ann.userID }, stranger)).errCode).toBe(1002)
    expect((await asApp('join_group', { groupID, joinSource: 1, inviterUserID: ann.userID })).errCode).toBe(0)
    const { from } = await expectNotified(1510, [mia, olga, adam, ann], [stranger])
    expect(from).toBe('imAdmin')
    expect((await join({ inviterUserID: '' }, stranger)).errCode).toBe(0)
    expect(await memberOf(stranger.userID)).toBeDefined()
  })

  it.each<[string, number, () => Promise<{ errCode: number }>]>([
    ['a member', 1001, () => join({}, mia)],
    ['a group that does not exist', 1004, () => join({ groupID: 'nowhere' })],
    ['no group', 1001, () => join({ groupID: '' })],
    ['an unknown joinSource', 1001, () => join({ joinSource: 5 })],
    ['no joinSource', 1001, () => join({ joinSource: 0 })],
    ['a reqMessage that is too long', 1001, () => join({ reqMessage: 'x'.repeat(2_049) })],
    ['an unknown user', 1004, () => asApp('join_group', { groupID, joinSource: 3, inviterUserID: 'nobody_at_all' })],
  ])('refuses %s with %d', async (_what, code, act) => {
    await open(2)
    expect((await act()).errCode).toBe(code)
    for (const kind of [1503, 1510]) await expectNotified(kind, [], [olga, adam, mia, ann])
  })

  it('refuses a group that was dismissed', async () => {
    await open(2)
    await olga.call('dismiss_group', { groupID })
    expect((await join()).errCode).toBe(1204)
  })
})

describe('invite_user_to_group', () => {
  it('notifies all members and the invited users, also in the chat (notification 1509)', async () => {
    await open(0)
    await invite(mia, ann, stranger)
    const { detail, from } = await expectNotified(1509, [olga, adam, mia, ann, stranger])
    expect(from).toBe(mia.userID)
    expect(detail).toMatchObject({
      group: { groupID, memberCount: 5 },
      opUser: { userID: mia.userID, roleLevel: 20 },
      inviterUser: { userID: mia.userID },
      invitedUserList: [{ userID: ann.userID, joinSource: 2, inviterUserID: mia.userID }, { userID: stranger.userID }],
    })
    expect([olga, ann].map((shadow) => shadow.inChat(1509).map(({ seq }) => seq))).toEqual([[2], [2]])
  })

  it('adds no message to the chat when sendMessage is false', async () => {
    await open(0)
    await mia.call('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID], sendMessage: false })
    await expectNotified(1509, [olga, adam, mia, ann], [stranger])
    expect([olga, ann].map((shadow) => shadow.inChat(1509))).toEqual([[], []])
  })

  it('announces one request per invited user, with the inviting member as the applicant', async () => {
    await open(1)
    await invite(mia, ann, stranger)
    const { detail } = await expectNotified(1503, [olga, adam, mia], [ann, stranger], 2)
    expect(detail).toMatchObject({ applicant: { userID: mia.userID }, reqMsg: 'why' })
    const asked = olga.notifications(1503).map(({ detail: { request, uuid } }) => [request.userInfo.userID, uuid])
    expect(asked.map(([userID]) => userID)).toEqual([ann.userID, stranger.userID])
    expect(new Set(asked.map(([, uuid]) => uuid)).size).toBe(2)
    expect(await requestOf(ann.userID)).toMatchObject({ joinSource: 2, inviterUserID: mia.userID, reqMsg: 'why' })
  })

  it('announces the requests through the queue when a member invites many users', async () => {
    await open(1)
    const crowd = Array.from({ length: 150 }, (_, i) => `wish_${olga.userID}_${String(i).padStart(3, '0')}`)
    await register(...crowd)
    const body = { groupID, reason: 'all my friends', invitedUserIDs: crowd }
    expect((await mia.call('invite_user_to_group', body)).errCode).toBe(0)
    const { data } = await olga.call('get_group_users_req_application_list', { groupID, userIDs: crowd })
    expect(data.groupRequests.map((request: { inviterUserID: string }) => request.inviterUserID)).toEqual(
      crowd.map(() => mia.userID),
    )
    await until(() => [olga, adam, mia].every((shadow) => shadow.notifications(1503).length === crowd.length))
    for (const shadow of [olga, adam, mia]) {
      const named = shadow.notifications(1503).map(({ detail }) => detail.request.userInfo.userID)
      expect(named.toSorted()).toEqual(crowd)
    }
    expect(olga.notifications(1503)[0]).toMatchObject({
      from: mia.userID,
      detail: { applicant: { userID: mia.userID }, reqMsg: 'all my friends' },
    })
  })

  it('announces each pending request once when the queue job is repeated, and skips answered requests', async () => {
    await open(1)
    await invite(mia, ann, stranger)
    await expectNotified(1503, [olga, adam, mia], [], 2)
    await answer(adam, -1)
    const asked = [ann, stranger].map(({ userID }) => ({ userID, uuid: crypto.randomUUID() }))
    const context = createContext(bindings, 'asked-for')
    for (let i = 0; i < 2; i++) await announceInvitationRequests(context, { groupID, inviterUserID: mia.userID, asked })
    await expectNotified(1503, [olga, adam, mia], [], 3)
    expect(olga.notifications(1503).at(-1)?.detail).toMatchObject({
      uuid: asked[1]?.uuid,
      request: { userInfo: { userID: stranger.userID } },
    })
  })

  it('adds all users, with 50 per notification and a new version for each notification', async () => {
    await open(0)
    const crowd = Array.from({ length: 120 }, (_, i) => `guest_${olga.userID}_${i}`)
    await register(...crowd)
    await olga.call('invite_user_to_group', { groupID, invitedUserIDs: crowd })
    await until(() => mia.notifications(1509).length === 3)
    expect(mia.notifications(1509).map(({ detail }) => detail.invitedUserList.length)).toEqual([50, 50, 20])
    const versions = mia.notifications(1509).map(({ detail }) => detail.groupMemberVersion)
    expect(versions).toEqual([versions[0], versions[0] + 1, versions[0] + 2])
    expect(Object.keys((await mia.known()).members[groupID] ?? {})).toHaveLength(123)
    expect(mia.asked).toBe(0)
  })

  it.each<[string, number, () => Promise<{ errCode: number }>]>([
    ['an empty list', 1001, () => invite(olga)],
    ['a user named twice', 1001, () => invite(olga, ann, ann)],
    ['a member', 1001, () => invite(olga, ann, mia)],
    ['an invitation by a stranger', 1002, () => invite(stranger, ann)],
    ['an unknown user', 1004, () => olga.call('invite_user_to_group', { groupID, invitedUserIDs: ['nobody_at_all'] })],
    [
      'an unknown group',
      1004,
      () => olga.call('invite_user_to_group', { groupID: 'no', invitedUserIDs: [ann.userID] }),
    ],
    [
      'too many users',
      1001,
      () =>
        olga.call('invite_user_to_group', {
          groupID,
          invitedUserIDs: Array.from({ length: 1_001 }, (_, i) => `u${i}`),
        }),
    ],
  ])('refuses %s with %d and adds no user', async (_what, code, act) => {
    await open(0)
    expect((await act()).errCode).toBe(code)
    expect(await memberOf(ann.userID)).toBeUndefined()
    await expectNotified(1509, [], [olga, adam, mia, ann])
  })

  it('refuses a group that was dismissed', async () => {
    await open(0)
    await olga.call('dismiss_group', { groupID })
    const reply = await asApp('invite_user_to_group', { groupID, invitedUserIDs: [ann.userID] })
    expect(reply.errCode).toBe(1204)
  })
})

describe('group_application_response', () => {
  it('adds the applicant with result 1, and notifies all members (1510), managers and applicant (1505)', async () => {
    await open(0)
    await join({ joinSource: 4 })
    expect(await answer(adam, 1)).toEqual({ errCode: 0, errMsg: '', errDlt: '' })
    const { detail } = await expectNotified(1505, [olga, adam, ann], [mia, stranger])
    expect(detail).toMatchObject({
      group: { groupID },
      opUser: { userID: adam.userID },
      handleMsg: 'words',
      receiverAs: 1,
      request: { handleResult: 1, handleMsg: 'words', handleUserID: adam.userID, userInfo: { userID: ann.userID } },
    })
    expect(ann.notifications(1505)[0]?.detail.receiverAs).toBe(0)
    expect(ann.notifications(1505)[0]?.detail.uuid).toBe(detail.uuid)
    const entered = await expectNotified(1510, [olga, adam, mia, ann], [stranger])
    expect(entered.detail).toMatchObject({ entrantUser: { userID: ann.userID }, group: { memberCount: 4 } })
    expect(await memberOf(ann.userID)).toMatchObject({ joinSource: 4, operatorUserID: adam.userID })
  })

  it('adds an invited user as invited by the member who made the request (result 1, notification 1509)', async () => {
    await open(1)
    await invite(mia, ann)
    await answer(olga, 1)
    const { detail } = await expectNotified(1509, [olga, adam, mia, ann], [stranger])
    expect(detail).toMatchObject({
      opUser: { userID: olga.userID },
      inviterUser: { userID: mia.userID },
      invitedUserList: [{ userID: ann.userID, joinSource: 2, inviterUserID: mia.userID }],
    })
    await expectNotified(1510, [], [olga, adam, mia, ann])
  })

  it('refuses the request with result -1, and notifies managers and applicant (notification 1506)', async () => {
    await open(0)
    await join()
    await answer(adam, -1)
    const { detail } = await expectNotified(1506, [olga, adam, ann], [mia, stranger])
    expect(detail).toMatchObject({ handleMsg: 'words', receiverAs: 1, request: { handleResult: -1 } })
    expect(ann.notifications(1506)[0]?.detail.receiverAs).toBe(0)
    expect(await memberOf(ann.userID)).toBeUndefined()
    expect(await requestOf(ann.userID)).toMatchObject({
      ...{ handleResult: -1, handleMsg: 'words', handleUserID: adam.userID, handleTime: expect.any(Number) },
    })
  })

  it('announces the answer and adds no member when the applicant already joined in another way', async () => {
    await open(0)
    await join()
    await invite(olga, ann)
    await expectNotified(1509, [mia])
    expect((await answer(adam, 1)).errCode).toBe(0)
    await expectNotified(1505, [olga, adam, ann], [mia])
    await expectNotified(1510, [], [mia])
  })

  it('refuses callers other than the owner, group and app administrators, and a second answer', async () => {
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

  it('refuses an answer without a request, other results than 1 and -1, and long fields', async () => {
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
