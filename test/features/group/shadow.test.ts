import { beforeEach, describe, expect, it } from 'vitest'
import { aMoment, cast, expectSameGroupsAsFresh, found, type GroupShadow } from '../../rigs/group-shadow.ts'
import { adminToken, post, until } from '../../rigs/rig.ts'

/*
 * Whatever changes in a group, everybody's online device ends up with what a fresh login fetches; who was a member
 * before applies each notice as it comes and asks the server for nothing.
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
  groupID = await found(owner, { admins: [admin], members: [mia, max] })
  await expectSameGroupsAsFresh(...all())
  for (const shadow of all()) shadow.asked = 0
})

const asApp = async (verb: string, body: object) => post(`/group/${verb}`, body, await adminToken())
const member = (shadow: GroupShadow, set: object) => ({ members: [{ groupID, userID: shadow.userID, ...set }] })

type Step = () => Promise<{ errCode: number }>

const changes: Record<string, Step[]> = {
  'a new name': [() => owner.call('set_group_info_ex', { groupID, groupName: 'Renamed' })],
  'everything about the group at once': [
    () =>
      admin.call('set_group_info_ex', {
        ...{ groupID, groupName: 'Renamed', notification: ' news ', introduction: 'intro', faceURL: 'f', ex: 'x' },
        ...{ needVerification: 2, lookMemberInfo: 1, applyMemberFriend: 1 },
      }),
  ],
  'an announcement that comes and goes': [
    () => owner.call('set_group_info_ex', { groupID, notification: 'news' }),
    () => owner.call('set_group_info_ex', { groupID, notification: '' }),
  ],
  'the older form of the call': [
    () => owner.call('set_group_info', { groupInfoForSet: { groupID, groupName: 'Renamed', introduction: 'i' } }),
  ],
  'a newcomer who enters': [
    () => owner.call('set_group_info_ex', { groupID, needVerification: 2 }),
    () => newcomer.call('join_group', { groupID, joinSource: 3, inviterUserID: newcomer.userID }),
  ],
  'a newcomer who is invited': [() => mia.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] })],
  'two newcomers at once': [
    () => mia.call('invite_user_to_group', { groupID, invitedUserIDs: [stranger.userID, newcomer.userID] }),
  ],
  'a newcomer who applies and is let in': [
    () => newcomer.call('join_group', { groupID, joinSource: 3, inviterUserID: newcomer.userID }),
    () => admin.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult: 1 }),
  ],
  'a newcomer who applies and is refused': [
    () => newcomer.call('join_group', { groupID, joinSource: 3, inviterUserID: newcomer.userID }),
    () => admin.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult: -1 }),
  ],
  'a newcomer for whom a member asked': [
    () => owner.call('set_group_info_ex', { groupID, needVerification: 1 }),
    () => mia.call('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] }),
    () => owner.call('group_application_response', { groupID, fromUserID: newcomer.userID, handleResult: 1 }),
  ],
  'a member who quits': [() => mia.call('quit_group', { groupID, userID: mia.userID })],
  'an administrator who quits': [() => admin.call('quit_group', { groupID })],
  'a member who is put out': [() => admin.call('kick_group', { groupID, kickedUserIDs: [mia.userID] })],
  'two who are put out': [() => owner.call('kick_group', { groupID, kickedUserIDs: [mia.userID, admin.userID] })],
  'somebody who leaves and comes back': [
    () => mia.call('quit_group', { groupID }),
    () => owner.call('set_group_info_ex', { groupID, groupName: 'While mia was away' }),
    () => max.call('invite_user_to_group', { groupID, invitedUserIDs: [mia.userID] }),
    () => owner.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 60 }),
  ],
  'a group that is handed over': [
    () => owner.call('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: mia.userID }),
  ],
  'a group that is handed over to an administrator who is muted': [
    () => owner.call('mute_group_member', { groupID, userID: admin.userID, mutedSeconds: 600 }),
    () => owner.call('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: admin.userID }),
  ],
  'a member who is muted and heard again': [
    () => admin.call('mute_group_member', { groupID, userID: mia.userID, mutedSeconds: 600 }),
    () => admin.call('cancel_mute_group_member', { groupID, userID: mia.userID }),
  ],
  'a group that is muted and heard again': [
    () => admin.call('mute_group', { groupID }),
    () => admin.call('cancel_mute_group', { groupID }),
  ],
  'a role that comes and goes': [
    () => owner.call('set_group_member_info', member(mia, { roleLevel: 60 })),
    () => owner.call('set_group_member_info', member(mia, { roleLevel: 20 })),
  ],
  'a name and a face of their own': [
    () => mia.call('set_group_member_info', member(mia, { nickname: 'M', faceURL: 'face', ex: 'e' })),
  ],
  'a name and a face that are taken back': [
    () => mia.call('set_group_member_info', member(mia, { nickname: 'M', faceURL: 'face' })),
    () => mia.call('set_group_member_info', member(mia, { nickname: '', faceURL: '' })),
  ],
  'several members at once, with roles and names': [
    () =>
      owner.call('set_group_member_info', {
        members: [
          { groupID, userID: mia.userID, roleLevel: 60, nickname: 'M' },
          { groupID, userID: max.userID, nickname: 'X' },
          { groupID, userID: admin.userID, roleLevel: 20 },
        ],
      }),
  ],
  'what an administrator of the app does': [
    () => asApp('invite_user_to_group', { groupID, invitedUserIDs: [newcomer.userID] }),
    () => asApp('kick_group', { groupID, kickedUserIDs: [mia.userID] }),
    () => asApp('set_group_info_ex', { groupID, notification: 'from above' }),
    () => asApp('quit_group', { groupID, userID: max.userID }),
    () => asApp('join_group', { groupID, joinSource: 1, inviterUserID: stranger.userID }),
    () => asApp('transfer_group', { groupID, oldOwnerUserID: owner.userID, newOwnerUserID: admin.userID }),
    () => asApp('mute_group', { groupID }),
  ],
  'a group that is dismissed': [() => owner.call('dismiss_group', { groupID, deleteMember: false })],
}

describe('what an online device makes of', () => {
  it.each(Object.entries(changes))('%s is what a fresh login has', async (_what, steps) => {
    for (const step of steps) {
      expect(await step()).toMatchObject({ errCode: 0 })
      await aMoment()
      await expectSameGroupsAsFresh(...all())
    }
    expect(all().map(({ userID, asked }) => [userID, asked])).toEqual(all().map(({ userID }) => [userID, 0]))
  })

  it('a group with an announcement from the beginning is what a fresh login has', async () => {
    await found(owner, { members: [mia], info: { notification: 'welcome', introduction: 'i', ex: 'x' } })
    await expectSameGroupsAsFresh(...all())
  })

  it('a member who shows in groups with a profile that changes is what a fresh login has', async () => {
    const reply = await post(
      '/user/update_user_info_ex',
      { userInfo: { userID: mia.userID, nickname: 'New' } },
      mia.token,
    )
    expect(reply.errCode).toBe(0)
    await until(() =>
      all()
        .slice(0, 4)
        .every((shadow) => shadow.told(1516).length === 1),
    )
    await expectSameGroupsAsFresh(...all())
    expect(all().map(({ asked }) => asked)).toEqual(all().map(() => 0))
  })
})
