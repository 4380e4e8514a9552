import { beforeEach, describe, expect, it } from 'vitest'
import type { Config } from '../../../src/config/index.ts'
import { createGroup } from '../../../src/features/group/lifecycle/create-group.ts'
import { inviteUsers } from '../../../src/features/group/membership/invite-users.ts'
import { joinGroup } from '../../../src/features/group/membership/join-group.ts'
import { respondJoinRequest } from '../../../src/features/group/requests/respond-join-request.ts'
import { AfterReply } from '../../../src/runtime/after-reply.ts'
import { type CallerContext, createContext } from '../../../src/runtime/context.ts'
import { cast, createTestGroup, type GroupShadow } from '../../rigs/group-shadow.ts'
import { bindings } from '../../rigs/rig.ts'

let olga: GroupShadow
let mia: GroupShadow
let ann: GroupShadow
let ben: GroupShadow

beforeEach(async () => {
  ;({ olga, mia, ann, ben } = await cast('olga', 'mia', 'ann', 'ben'))
})

/** The context of a call in a deployment with these limits. */
function under(limits: Partial<Config>, { userID }: GroupShadow): CallerContext {
  const ctx = createContext(bindings, 'op', new AfterReply())
  return { ...ctx, config: { ...ctx.config, ...limits }, caller: { userID, platformID: 5, isAdmin: false } }
}

const wanted = (owner: GroupShadow, ...members: GroupShadow[]) => ({
  ...{ ownerUserID: owner.userID, adminUserIDs: [], memberUserIDs: members.map(({ userID }) => userID) },
  groupInfo: {
    ...{ groupID: '', groupName: 'g', notification: '', introduction: '', faceURL: '', ex: '', creatorUserID: '' },
    ...{
      groupType: 2 as const,
      needVerification: 2 as const,
      lookMemberInfo: 0 as const,
      applyMemberFriend: 0 as const,
    },
  },
  sendMessage: null,
})
const invitation = (groupID: string, ...users: GroupShadow[]) => ({
  ...{ groupID, reason: '', invitedUserIDs: users.map(({ userID }) => userID), sendMessage: null },
})
const joining = (groupID: string) => ({ groupID, reqMessage: '', joinSource: 3, inviterUserID: '', ex: '' })
const agreed = (groupID: string, { userID }: GroupShadow) => ({
  ...{ groupID, fromUserID: userID, handledMsg: '', handleResult: 1 as const },
})

const refused = { code: 1001 }

describe('OPENIM_MAX_GROUP_MEMBERS', () => {
  const limits = { maxGroupMembers: 3 }

  it('limits the members of a new group', async () => {
    await expect(createGroup(under(limits, olga), wanted(olga, mia, ann, ben))).rejects.toMatchObject(refused)
    await expect(createGroup(under(limits, olga), wanted(olga, mia, ann))).resolves.toBeDefined()
  })

  it('limits joining a group, inviting users and agreeing to requests', async () => {
    const groupID = await createTestGroup(olga, { members: [mia], info: { needVerification: 0 } })
    await joinGroup(under(limits, ben), joining(groupID))
    await expect(inviteUsers(under(limits, olga), invitation(groupID, ann, ben))).rejects.toMatchObject(refused)
    await inviteUsers(under(limits, olga), invitation(groupID, ann))
    await expect(respondJoinRequest(under(limits, olga), agreed(groupID, ben))).rejects.toMatchObject(refused)
    await olga.call('set_group_info_ex', { groupID, needVerification: 2 })
    await expect(joinGroup(under(limits, ben), joining(groupID))).rejects.toMatchObject(refused)
    await olga.call('kick_group', { groupID, kickedUserIDs: [mia.userID] })
    await joinGroup(under(limits, ben), joining(groupID))
    expect(Object.keys((await olga.fresh()).members[groupID] ?? {})).toEqual([olga, ann, ben].map((s) => s.userID))
  })
})

describe('OPENIM_MAX_GROUPS_PER_USER', () => {
  const limits = { maxGroupsPerUser: 2 }

  it('limits the groups that a user joins, is invited to or creates', async () => {
    await createTestGroup(ann, {})
    await createTestGroup(olga, { members: [ann] })
    const third = await createTestGroup(olga, { info: { needVerification: 2 } })
    await expect(joinGroup(under(limits, ann), joining(third))).rejects.toMatchObject(refused)
    await expect(inviteUsers(under({ maxGroupsPerUser: 3 }, olga), invitation(third, ann))).resolves.toBeUndefined()
    await expect(createGroup(under(limits, ann), wanted(ann))).rejects.toMatchObject(refused)
    await expect(createGroup(under(limits, ben), wanted(ben, ann))).rejects.toMatchObject(refused)
    await ann.call('quit_group', { groupID: third })
    await expect(inviteUsers(under(limits, olga), invitation(third, ann))).rejects.toMatchObject(refused)
  })

  it('does not count groups that the user has quit', async () => {
    const first = await createTestGroup(olga, { members: [ann] })
    await createTestGroup(ann, {})
    await ann.call('quit_group', { groupID: first })
    await expect(createGroup(under(limits, ann), wanted(ann))).resolves.toBeDefined()
  })
})
