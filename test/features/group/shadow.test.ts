import { beforeEach, describe, expect, it } from 'vitest'
import {
  cast,
  createTestGroup,
  expectSameGroupsAsFresh,
  type GroupShadow,
  waitForStrayPushes,
} from '../../rigs/group-shadow.ts'
import { adminToken, post, until } from '../../rigs/rig.ts'

/*
 * After every change of a group, each online device has the state that a fresh login fetches. The devices of earlier
 * members apply the notifications without asking the server.
 */

let groupID: string
let owner: GroupShadow
let admin: GroupShadow
let mia: GroupShadow
let max: GroupShadow
let newcomer: GroupShadow
let stranger: GroupShadow

const all = () => [owner, admin, mia, max, newcomer, stranger]

beforeEach(async () => {
  const people = await cast('owner', 'admin', 'mia', 'max', 'newcomer', 'stranger')
  ;({ owner, admin, mia, max, newcomer, stranger } = people)
  groupID = await createTestGroup(owner, { admins: [admin], members: [mia, max] })
  await expectSameGroupsAsFresh(...all())
  for (const shadow of all()) shadow.asked = 0
})

const asApp = async (verb: string, body: object) => post(`/group/${verb}`, body, await adminToken())
const member = (shadow: GroupShadow, set: object) => ({ members: [{ groupID, userID: shadow.userID, ...set }] })

type Step = () => Promise<{ errCode: number }>

const changes: Record<string, Step[]> = {
  'a new name': [() => owner.call('set_group_info_ex', { groupID, groupName: 'Renamed' })],
  'all fields of the group at once': [
    () =>
      admin.call('set_group_info_ex', {
        ...{ groupID, groupName: 'Renamed', notification: ' news ', introduction: 'intro', faceURL: 'f', ex: 'x' },
        ...{ needVerification: 2, lookMemberInfo: 1, applyMemberFriend: 1 },
      }),
  ],
  'an announcement set and removed': [
    () => owner.call('set_group_info_ex', { groupID, notification: 'news' }),
    () => owner.call('set_group_info_ex', { groupID, notification: '' }),
  ],
  'a new name through the older form of the call': [
    () => owner.call('set_group_info', { groupInfoForSet: { groupID, groupName: 'Renamed', introduction: 'i' } }),
  ],
  'a user joins without approval': [
    () => owner.call('set_group_info_ex', { groupID, needVerification: 2 }),
    () => newcomer.call('join_group', { groupID, joinSource: 3, inviterUserID: newcomer.userID }),
  ],
  'a user is invited': [() => mia.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] })],
  'two users are invited at once': [
    () => mia.call('invite_user_to_group', { groupID, invitedUserIDs: [stranger.userID, newcomer.userID] }),
  ],
  'a request to join is agreed to': [
    () => newcomer.call('join_group', { groupID, joinSource: 3, inviterUserID: newcomer.userID }),
    () => admin.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult: 1 }),
  ],
  'a request to join is refused': [
    () => newcomer.call('join_group', { groupID, joinSource: 3, inviterUserID: newcomer.userID }),
    () => admin.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult: -1 }),
  ],
  'a member’s request for a user is agreed to': [
    () => owner.call('set_group_info_ex', { groupID, needVerification: 1 }),
    () => mia.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] }),
    () => owner.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult: 1 }),
  ],
  'a member quits': [() => mia.call('quit_group', { groupID, userID: mia.userID })],
  'an administrator quits': [() => admin.call('quit_group', { groupID })],
  'a member is kicked': [() => admin.call('kick_group', { groupID, kickedUserIDs: [mia.userID] })],
  'two members are kicked': [() => owner.call('kick_group', { groupID, kickedUserIDs: [mia.userID, admin.userID] })],
  'a member quits and is invited again': [
    () => mia.call('quit_group', { groupID }),
    () => owner.call('set_group_info_ex', { groupID, groupName: 'While mia was away' }),
    () => max.call('invite_user_to_group', { groupID, invitedUserIDs: [mia.userID] }),
    () => owner.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 60 }),
  ],
  'the group is transferred': [
    () => owner.call('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: mia.userID }),
  ],
  'the group is transferred to a muted administrator': [
    () => owner.call('mute_group_member', { groupID, userID: admin.userID, mutedSeconds: 600 }),
    () => owner.call('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: admin.userID }),
  ],
  'a member is muted and unmuted': [
    () => admin.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 600 }),
    () => admin.call('cancel_mute_group_member', { groupID, userID: mia.userID }),
  ],
  'the group is muted and unmuted': [
    () => admin.call('mute_group', { groupID }),
    () => admin.call('cancel_mute_group', { groupID }),
  ],
  'a member becomes an administrator and a member again': [
    () => owner.call('set_group_member_info', member(mia, { roleLevel: 60 })),
    () => owner.call('set_group_member_info', member(mia, { roleLevel: 20 })),
  ],
  'a member sets a name and a face for the group': [
    () => mia.call('set_group_member_info', member(mia, { nickname: 'M', faceURL: 'face', ex: 'e' })),
  ],
  'a member sets and removes a name and a face for the group': [
    () => mia.call('set_group_member_info', member(mia, { nickname: 'M', faceURL: 'face' })),
    () => mia.call('set_group_member_info', member(mia, { nickname: '', faceURL: '' })),
  ],
  'roles and names of several members at once': [
    () =>
      owner.call('set_group_member_info', {
        members: [
          { groupID, userID: mia.userID, roleLevel: 60, nickname: 'M' },
          { groupID, userID: max.userID, nickname: 'X' },
          { groupID, userID: admin.userID, roleLevel: 20 },
        ],
      }),
  ],
  'changes by an app administrator': [
    () => asApp('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] }),
    () => asApp('kick_group', { groupID, kickedUserIDs: [mia.userID] }),
    () => asApp('set_group_info_ex', { groupID, notification: 'from above' }),
    () => asApp('quit_group', { groupID, userID: max.userID }),
    () => asApp('join_group', { groupID, joinSource: 1, inviterUserID: stranger.userID }),
    () => asApp('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: admin.userID }),
    () => asApp('mute_group', { groupID }),
  ],
  'the group is dismissed': [() => owner.call('dismiss_group', { groupID, deleteMember: false })],
}

describe('an online device', () => {
  it.each(Object.entries(changes))(
    'has the same groups as a fresh login after the change: %s',
    async (_what, steps) => {
      for (const step of steps) {
        expect(await step()).toMatchObject({ errCode: 0 })
        await waitForStrayPushes()
        await expectSameGroupsAsFresh(...all())
      }
      expect(all().map(({ userID, asked }) => [userID, asked])).toEqual(all().map(({ userID }) => [userID, 0]))
    },
  )

  it('has the same groups as a fresh login after the creation of a group with an announcement', async () => {
    await createTestGroup(owner, { members: [mia], info: { notification: 'welcome', introduction: 'i', ex: 'x' } })
    await expectSameGroupsAsFresh(...all())
  })

  it('has the same groups as a fresh login after a member’s profile changes', async () => {
    const reply = await post(
      '/user/update_user_info_ex',
      { userInfo: { userID: mia.userID, nickname: 'New' } },
      mia.token,
    )
    expect(reply.errCode).toBe(0)
    await until(() =>
      all()
        .slice(0, 4)
        .every((shadow) => shadow.notifications(1516).length === 1),
    )
    await expectSameGroupsAsFresh(...all())
    expect(all().map(({ asked }) => asked)).toEqual(all().map(() => 0))
  })
})
