import { beforeEach, describe, expect, it } from 'vitest'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import {
  cast,
  createTestGroup,
  expectNotified,
  expectSameGroupsAsFresh,
  type GroupShadow,
  waitForStrayPushes,
} from '../../rigs/group-shadow.ts'
import { bindings, textMessage, until } from '../../rigs/rig.ts'

/* Calls at the same time: each one either has the same effect as it would have alone, or is refused. */

let groupID: string
let owner: GroupShadow
let admin: GroupShadow
let mia: GroupShadow
let max: GroupShadow
let newcomer: GroupShadow

/** A race does not meet in every round. */
const ROUNDS = 5

const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

const all = () => [owner, admin, mia, max, newcomer]

beforeEach(async () => {
  const people = await cast('owner', 'admin', 'mia', 'max', 'newcomer')
  ;({ owner, admin, mia, max, newcomer } = people)
  groupID = await createTestGroup(owner, { admins: [admin], members: [mia, max] })
})

async function codes(...calls: Promise<{ errCode: number }>[]): Promise<number[]> {
  return (await Promise.all(calls)).map(({ errCode }) => errCode)
}

const handOver = (to: GroupShadow) =>
  owner.call('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: to.userID })
const setMember = (by: GroupShadow, shadow: GroupShadow, set: object) =>
  by.call('set_group_member_info', { members: [{ groupID, userID: shadow.userID, ...set }] })
const answer = (by: GroupShadow, handleResult: number) =>
  by.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult })

async function requestOf(applicant: GroupShadow) {
  const { data } = await applicant.call('get_specified_user_group_request_info', { groupID, userID: applicant.userID })
  return data.groupRequests[0]
}

describe('a group with concurrent calls', () => {
  it('applies all concurrent changes of different group fields, for every member', async () => {
    expect(
      await codes(
        owner.call('set_group_info_ex', { groupID, groupName: 'Renamed' }),
        admin.call('set_group_info_ex', { groupID, introduction: 'intro' }),
        owner.call('mute_group', { groupID }),
        admin.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] }),
        owner.call('set_group_info_ex', { groupID, notification: 'news' }),
      ),
    ).toEqual([0, 0, 0, 0, 0])
    await expectSameGroupsAsFresh(...all())
    expect((await mia.known()).groups[groupID]).toMatchObject({
      ...{ groupName: 'Renamed', introduction: 'intro', status: 3, notification: 'news', memberCount: 5 },
    })
  })

  it('applies all concurrent changes of different fields of a member, for every member', async () => {
    expect(
      await codes(
        setMember(mia, mia, { nickname: 'M' }),
        owner.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 600 }),
        setMember(owner, mia, { ex: 'e' }),
      ),
    ).toEqual([0, 0, 0])
    await expectSameGroupsAsFresh(...all())
    const shown = (await max.known()).members[groupID]?.[mia.userID]
    expect(shown).toMatchObject({ nickname: 'M', ex: 'e', faceURL: `https://x/${mia.userID}.png` })
    expect(shown?.muteEndTime).toBeGreaterThan(0)
  })

  it('has one owner after two concurrent transfers', async () => {
    expect((await codes(handOver(mia), handOver(max))).sort()).toEqual([0, 1002])
    await expectSameGroupsAsFresh(...all())
  })

  it('has one owner after a transfer and a role change of the new owner', async () => {
    await codes(handOver(mia), setMember(owner, mia, { roleLevel: 60 }))
    await expectSameGroupsAsFresh(...all())
  })

  it('has one owner after a transfer while the new owner quits', async () => {
    await codes(handOver(mia), mia.call('quit_group', { groupID }))
    await expectSameGroupsAsFresh(...all())
  })

  it('has one owner after a transfer while an administrator kicks the new owner', async () => {
    await codes(handOver(mia), admin.call('kick_group', { groupID, kickedUserIDs: [mia.userID] }))
    await expectSameGroupsAsFresh(...all())
  })

  it('adds a user once when several members invite the user', async () => {
    const invite = (by: GroupShadow) => by.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] })
    expect((await codes(invite(owner), invite(admin), invite(mia))).sort()).toEqual([0, 1001, 1001])
    await waitForStrayPushes()
    expect(max.notifications(1509)).toHaveLength(1)
    await expectSameGroupsAsFresh(...all())
  })

  it('adds an applicant once when several answers agree to the request', async () => {
    await newcomer.call('join_group', { groupID, joinSource: 3 })
    const answers = await codes(answer(owner, 1), answer(admin, 1), answer(owner, 1))
    expect(answers.sort()).toEqual([0, 1206, 1206])
    await waitForStrayPushes()
    expect(max.notifications(1510)).toHaveLength(1)
    await expectSameGroupsAsFresh(...all())
  })

  it.each([
    ['agrees and the second refuses', [1, -1]],
    ['refuses and the second agrees', [-1, 1]],
    ['refuses and the second refuses', [-1, -1]],
  ])(
    'stores one answer to a request when the first call %s, and notifies the applicant once',
    async (_how, results) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { applicant } = await cast('applicant')
        await applicant.call('join_group', { groupID, joinSource: 3 })
        const respond = (by: GroupShadow, handleResult = 0) =>
          by.call('group_application_response', { groupID, fromUserID: applicant.userID, handleResult })
        const answers = await codes(respond(owner, results[0]), respond(admin, results[1]))
        expect(answers.toSorted()).toEqual([0, 1206])
        const { handleResult } = await requestOf(applicant)
        expect(handleResult).toBe(results[answers.indexOf(0)])
        expect(groupID in (await applicant.fresh()).groups).toBe(handleResult === 1)
        await expectNotified(handleResult === 1 ? 1505 : 1506, [applicant])
        expect(applicant.notifications(handleResult === 1 ? 1506 : 1505)).toEqual([])
      }
      await expectSameGroupsAsFresh(...all())
    },
  )

  it('answers a request with 0 when another call invites the applicant meanwhile', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { applicant } = await cast('applicant')
      await applicant.call('join_group', { groupID, joinSource: 3 })
      const [invited, agreed] = await codes(
        owner.call('invite_user_to_group', { groupID, invitedUserIDs: [applicant.userID] }),
        admin.call('group_application_response', { groupID, fromUserID: applicant.userID, handleResult: 1 }),
      )
      expect(agreed).toBe(0)
      expect([0, 1001]).toContain(invited)
      expect((await requestOf(applicant)).handleResult).toBe(1)
      await expectNotified(1505, [applicant])
      expect([...applicant.notifications(1509), ...applicant.notifications(1510)]).toHaveLength(1)
    }
    await expectSameGroupsAsFresh(...all())
  })

  it('leaves the version of the member list as it is when a request is refused', async () => {
    const version = async () =>
      (await owner.call('get_incremental_group_members', { groupID, version: 0, versionID: '' })).data.version
    const before = await version()
    await newcomer.call('join_group', { groupID, joinSource: 3 })
    expect(await codes(answer(owner, -1))).toEqual([0])
    expect(await version()).toBe(before)
  })

  it('removes a member once when two calls kick the member', async () => {
    const kick = (by: GroupShadow) => by.call('kick_group', { groupID, kickedUserIDs: [mia.userID] })
    const [first, second] = (await codes(kick(owner), kick(admin))).sort((a, b) => a - b)
    expect(first).toBe(0)
    expect([1101, 1203]).toContain(second)
    await expectSameGroupsAsFresh(...all())
  })

  it('is dismissed for all users when one call dismisses it and others change it', async () => {
    const [dismissed] = await codes(
      owner.call('dismiss_group', { groupID }),
      admin.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] }),
      mia.call('quit_group', { groupID }),
      admin.call('mute_group', { groupID }),
    )
    expect(dismissed).toBe(0)
    await expectSameGroupsAsFresh(...all())
    expect((await newcomer.known()).groups).toEqual({})
    const { data } = await owner.call('get_groups_info', { groupIDs: [groupID] })
    expect(data.groupInfos[0].status).toBe(2)
  })

  it('stores the message of a kicked member before the kick, or refuses the message', async () => {
    const clientMsgID = crypto.randomUUID()
    const text = textMessage(mia.userID, '', clientMsgID, 'last words', { sessionType: 3, groupID })
    const [kicked, said] = await Promise.all([
      owner.call('kick_group', { groupID, kickedUserIDs: [mia.userID] }),
      mia.device.request(WsRequestID.SendMsg, text),
    ])
    expect(kicked.errCode).toBe(0)
    expect([0, 1203]).toContain(said.errCode)
    await until(() => max.inChat(1508).length === 1)
    const heard = max.device.received().filter(({ msg }) => msg.clientMsgID === clientMsgID)
    expect(heard).toHaveLength(said.errCode === 0 ? 1 : 0)
    for (const { msg } of heard) expect(Number(msg.seq)).toBeLessThan(max.inChat(1508)[0]?.seq ?? 0)
    await expectSameGroupsAsFresh(...all())
  })

  it('has no members when one call dismisses it and another user joins', async () => {
    await owner.call('set_group_info_ex', { groupID, needVerification: 2 })
    const [dismissed, joined] = await codes(
      owner.call('dismiss_group', { groupID }),
      newcomer.call('join_group', { groupID, joinSource: 3 }),
    )
    expect(dismissed).toBe(0)
    expect([0, 1204]).toContain(joined)
    await expectSameGroupsAsFresh(...all())
    expect((await newcomer.known()).groups).toEqual({})
    expect(
      (await newcomer.call('get_joined_group_list', { fromUserID: newcomer.userID, ...PAGE })).data.groups,
    ).toEqual([])
  })
})

describe('a call by a user who loses the role after the call has read D1', () => {
  beforeEach(async () => {
    expect(await codes(setMember(owner, admin, { roleLevel: 20 }))).toEqual([0])
    // D1 as the calls read it, before the role changed.
    await bindings.DB.prepare('UPDATE group_member SET role_level = 60 WHERE group_id = ? AND user_id = ?')
      .bind(groupID, admin.userID)
      .run()
  })

  it.each<[string, () => Promise<{ errCode: number }>]>([
    ['kick_group', () => admin.call('kick_group', { groupID, reason: '', kickedUserIDs: [mia.userID] })],
    ['mute_group_member', () => admin.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 60 })],
    ['cancel_mute_group_member', () => admin.call('cancel_mute_group_member', { groupID, userID: mia.userID })],
    ['mute_group', () => admin.call('mute_group', { groupID })],
    ['cancel_mute_group', () => admin.call('cancel_mute_group', { groupID })],
    ['set_group_info_ex', () => admin.call('set_group_info_ex', { groupID, groupName: 'Taken over' })],
    ['set_group_member_info', () => setMember(admin, mia, { nickname: 'M' })],
    ['a new role', () => setMember(admin, mia, { roleLevel: 60 })],
  ])('is refused: %s', async (_verb, call) => {
    expect(await codes(call())).toEqual([1002])
    expect((await owner.known()).groups[groupID]).toMatchObject({ memberCount: 4, status: 0 })
  })
})
