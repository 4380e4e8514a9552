import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { register, userToken } from '../../rigs/rig.ts'
import { AppServer, GO_ON, REFUSE } from '../../rigs/webhook-rig.ts'

let app: AppServer
let names: { olga: string; adam: string; mia: string; ann: string; bob: string }
let groupID: string
let count = 0

beforeEach(async () => {
  const n = `${count++}gw`
  names = { olga: `olga${n}`, adam: `adam${n}`, mia: `mia${n}`, ann: `ann${n}`, bob: `bob${n}` }
  await register(...Object.values(names))
  app = new AppServer()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const quiet = (path: string, body: object) => app.call(app.env({}), `/group/${path}`, body)
/** A call by this user to a deployment with these webhooks. */
const call = async (hooks: Record<string, object>, path: string, body: object, userID = names.olga) =>
  app.call(app.env(hooks), `/group/${path}`, body, await userToken(userID))

const founding = (info: object = {}, given: object = {}) => ({
  ownerUserID: names.olga,
  adminUserIDs: [names.adam],
  memberUserIDs: [names.mia],
  groupInfo: { groupName: 'Friends', groupType: 2, ex: 'of the group', ...info },
  ...given,
})
const found = async (info: object = {}) => {
  const { data } = await quiet('create_group', founding(info))
  groupID = data.groupInfo.groupID
  return groupID
}
const groupOf = async (id = groupID) => (await quiet('get_groups_info', { groupIDs: [id] })).data.groupInfos?.[0]
const memberOf = async (userID: string, id = groupID) =>
  (await quiet('get_group_members_info', { groupID: id, userIDs: [userID] })).data.members?.[0]

/** The requests of before-webhooks with this command. */
const asked = (command: string) => app.asked.map(({ body }) => body).filter((body) => body.callbackCommand === command)
const answers = (command: string, answer: object) => {
  app.answer = ({ body }) => (body.callbackCommand === command ? { ...GO_ON, ...answer } : GO_ON)
}
const REFUSAL = { errCode: 5001, errMsg: 'AppSaysNo', errDlt: 'not today' }
const DONE = { errCode: 0, errMsg: '', errDlt: '' }

describe('create_group with webhooks', () => {
  const HOOKS = { beforeCreateGroup: {}, afterCreateGroup: {}, beforeMemberJoinGroup: {} }
  const first = () => [
    { userID: names.olga, roleLevel: 100 },
    { userID: names.adam, roleLevel: 60 },
    { userID: names.mia, roleLevel: 20 },
  ]
  const fields = () => ({
    ...{ groupName: 'Friends', notification: 'news', introduction: '', faceURL: '', ownerUserID: names.olga },
    ...{ createTime: expect.any(Number), memberCount: 3, ex: 'of the group', status: 0, creatorUserID: '' },
    ...{ groupType: 2, needVerification: 0, lookMemberInfo: 0, applyMemberFriend: 0 },
    ...{ notificationUpdateTime: expect.any(Number), notificationUserID: names.olga, initMemberList: first() },
  })

  it('calls the webhooks for the group and then for its members, and reports the created group', async () => {
    const { data } = await call(HOOKS, 'create_group', founding({ notification: 'news' }))
    const { groupID } = data.groupInfo
    expect(app.asked.map(({ body }) => body)).toEqual([
      { callbackCommand: 'callbackBeforeCreateGroupCommand', operationID: 'op-1', groupID: '', ...fields() },
      {
        callbackCommand: 'callbackBeforeMembersJoinGroupCommand',
        groupID,
        memberList: first().map(({ userID }) => ({ userID, ex: '' })),
        groupEx: 'of the group',
      },
    ])
    expect(app.afterWebhooks('afterCreateGroup')).toEqual([
      { callbackCommand: 'callbackAfterCreateGroupCommand', groupID, ...fields() },
    ])
  })

  it.each(['callbackBeforeCreateGroupCommand', 'callbackBeforeMembersJoinGroupCommand'])(
    'is refused by the app server, and stores no group: %s',
    async (command) => {
      answers(command, REFUSE)
      const groupID = `mine${count}`
      expect(await call(HOOKS, 'create_group', founding({ groupID }))).toEqual(REFUSAL)
      expect(await groupOf(groupID)).toBeUndefined()
      expect(app.queued).toEqual([])
    },
  )

  it('creates the group with the app server’s changes', async () => {
    const wanted = {
      ...{ groupID: `theirs${count}`, groupName: 'Foes', notification: 'beware', introduction: 'i', faceURL: 'f' },
      ...{
        ownerUserID: names.bob,
        ex: 'x',
        status: 3,
        creatorUserID: names.ann,
        needVerification: 2,
        lookMemberInfo: 1,
      },
    }
    answers('callbackBeforeCreateGroupCommand', { ...wanted, groupType: 2, applyMemberFriend: 1 })
    expect((await call(HOOKS, 'create_group', founding())).errCode).toBe(0)
    expect(await groupOf(wanted.groupID)).toMatchObject({ ...wanted, applyMemberFriend: 0 })
    expect(await memberOf(names.bob, wanted.groupID)).toMatchObject({ roleLevel: 100 })
    expect(await memberOf(names.olga, wanted.groupID)).toBeUndefined()
    expect(app.afterWebhooks('afterCreateGroup')).toMatchObject([wanted])
  })

  it.each([
    ['a name that is too long', () => ({ groupName: 'x'.repeat(300) }), 90007],
    ['an unknown group type', () => ({ groupType: 1 }), 90007],
    ['the status of a dismissed group', () => ({ status: 2 }), 90007],
    ['an unknown needVerification', () => ({ needVerification: 7 }), 90007],
    ['an owner who is not registered', () => ({ ownerUserID: 'nobody' }), 1101],
    ['an owner who is also a member', () => ({ ownerUserID: names.mia }), 1001],
    ['a groupID that is taken', () => ({ groupID }), 1202],
  ] as const)('does not create the group when the app server answers %s', async (_what, answer, code) => {
    await found()
    answers('callbackBeforeCreateGroupCommand', answer())
    expect((await call(HOOKS, 'create_group', founding({}, { ownerUserID: names.olga }))).errCode).toBe(code)
    expect(app.queued).toEqual([])
  })

  it('does not ask the app server when the service refuses the request anyway', async () => {
    expect((await call(HOOKS, 'create_group', founding({}, { memberUserIDs: ['nobody'] }))).errCode).toBe(1101)
    expect(app.asked).toEqual([])
  })

  it.each([
    [true, 0],
    [false, 90004],
  ])('follows failedContinue when the app server is unreachable: %s, %d', async (failedContinue, code) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    app.answer = () => Promise.reject(new TypeError('refused'))
    expect((await call({ beforeCreateGroup: { failedContinue } }, 'create_group', founding())).errCode).toBe(code)
  })
})

describe('joining a group with webhooks', () => {
  const MEMBERS = 'callbackBeforeMembersJoinGroupCommand'
  const HOOKS = {
    ...{ beforeMemberJoinGroup: {}, beforeApplyJoinGroup: {}, beforeInviteUserToGroup: {}, afterJoinGroup: {} },
  }
  const join = () =>
    call(
      HOOKS,
      'join_group',
      { groupID, reqMessage: 'hi', joinSource: 3, inviterUserID: names.ann, ex: 'e' },
      names.ann,
    )
  const invite = (by: string, ...invitedUserIDs: string[]) =>
    call(HOOKS, 'invite_user_to_group', { groupID, reason: 'why', invitedUserIDs }, by)
  const agree = () =>
    call(HOOKS, 'group_application_response', { groupID, fromUserID: names.ann, handledMsg: '', handleResult: 1 })
  const joiningMembers = (...userIDs: string[]) => ({
    callbackCommand: MEMBERS,
    groupID,
    memberList: userIDs.map((userID) => ({ userID, ex: '' })),
    groupEx: 'of the group',
  })
  const application = () => ({
    ...{ callbackCommand: 'callbackBeforeJoinGroupCommand', groupID, groupType: '\u0002', applyID: names.ann },
    ...{ reqMessage: 'hi', ex: 'e' },
  })
  const invitation = (...invitedUserIDs: string[]) => ({
    ...{ callbackCommand: 'callbackBeforeInviteJoinGroupCommand', operationID: 'op-1', groupID, reason: 'why' },
    invitedUserIDs,
  })

  it('asks about applicant and new member, and reports the join, when no approval is needed', async () => {
    await found({ needVerification: 2 })
    expect(await join()).toEqual(DONE)
    expect(app.asked.map(({ body }) => body)).toEqual([application(), joiningMembers(names.ann)])
    expect(app.afterWebhooks('afterJoinGroup')).toEqual([
      {
        ...{ callbackCommand: 'callbackAfterJoinGroupCommand', operationID: 'op-1', groupID, reqMessage: 'hi' },
        ...{ joinSource: 3, inviterUserID: names.ann },
      },
    ])
  })

  it('asks about the new member when a request is accepted, and reports no join', async () => {
    await found()
    await join()
    expect(app.asked.map(({ body }) => body)).toEqual([application()])
    expect(await agree()).toEqual(DONE)
    expect(asked(MEMBERS)).toEqual([joiningMembers(names.ann)])
    expect(app.queued).toEqual([])
  })

  it('asks once about all invited users', async () => {
    await found()
    expect(await invite(names.mia, names.ann, names.bob)).toEqual(DONE)
    expect(app.asked.map(({ body }) => body)).toEqual([
      invitation(names.ann, names.bob),
      joiningMembers(names.ann, names.bob),
    ])
    expect(app.queued).toEqual([])
  })

  it('does not ask about new members while an invitation waits for approval', async () => {
    await found({ needVerification: 1 })
    await invite(names.mia, names.ann)
    expect(app.asked.map(({ body }) => body)).toEqual([invitation(names.ann)])
  })

  it.each([
    ['an application', 'callbackBeforeJoinGroupCommand', 2, join],
    ['a member who joins directly', MEMBERS, 2, join],
    ['an invitation', 'callbackBeforeInviteJoinGroupCommand', 0, () => invite(names.olga, names.ann)],
    ['an invited member', MEMBERS, 0, () => invite(names.olga, names.ann)],
  ] as const)('adds no member when the app server refuses %s', async (_what, command, needVerification, act) => {
    await found({ needVerification })
    answers(command, REFUSE)
    expect(await act()).toEqual(REFUSAL)
    expect(await memberOf(names.ann)).toBeUndefined()
    expect(app.queued).toEqual([])
  })

  it('keeps a request pending when the app server refuses the new member', async () => {
    await found()
    await join()
    answers(MEMBERS, REFUSE)
    expect(await agree()).toEqual(REFUSAL)
    expect(await memberOf(names.ann)).toBeUndefined()
    app.answer = () => GO_ON
    expect(await agree()).toEqual(DONE)
  })

  it('applies the app server’s changes to the new members, and ignores changes to other members', async () => {
    await found()
    const wanted = { nickname: 'Annie', faceURL: 'f', roleLevel: 60, muteEndTime: 4_000_000_000_000, ex: 'vip' }
    const memberCallbackList = [
      { userID: names.ann, ...wanted },
      { userID: names.mia, nickname: 'not asked about' },
    ]
    answers(MEMBERS, { memberCallbackList })
    expect(await invite(names.olga, names.bob, names.ann)).toEqual(DONE)
    expect(await memberOf(names.ann)).toMatchObject(wanted)
    expect(await memberOf(names.bob)).toMatchObject({ nickname: `nick of ${names.bob}`, roleLevel: 20, ex: '' })
    expect(await memberOf(names.mia)).toMatchObject({ nickname: `nick of ${names.mia}` })
  })

  it.each([
    ['a second owner', { roleLevel: 100 }],
    ['an unknown role', { roleLevel: 30 }],
    ['a name that is too long', { nickname: 'x'.repeat(300) }],
  ])('is refused with error 90007 when the app server answers %s', async (_what, answer) => {
    await found()
    answers(MEMBERS, { memberCallbackList: [{ userID: names.ann, ...answer }] })
    expect((await invite(names.olga, names.ann)).errCode).toBe(90007)
    expect(await memberOf(names.ann)).toBeUndefined()
  })

  it('does not ask about users who are already members', async () => {
    await found()
    expect((await invite(names.olga, names.mia)).errCode).toBe(1001)
    expect(app.asked).toEqual([])
  })
})

describe('leaving a group with webhooks', () => {
  beforeEach(async () => {
    await found()
  })

  it('reports a member who quits', async () => {
    expect(await call({ afterQuitGroup: {} }, 'quit_group', { groupID }, names.mia)).toEqual(DONE)
    expect(app.afterWebhooks('afterQuitGroup')).toEqual([
      { callbackCommand: 'callbackAfterQuitGroupCommand', groupID, userID: names.mia },
    ])
  })

  it('reports kicked members', async () => {
    const body = { groupID, kickedUserIDs: [names.mia, names.adam], reason: 'because' }
    expect(await call({ afterKickGroupMember: {} }, 'kick_group', body)).toEqual(DONE)
    expect(app.afterWebhooks('afterKickGroupMember')).toEqual([
      { callbackCommand: 'callbackAfterKickGroupCommand', ...body },
    ])
  })

  it('reports the members of a dismissed group once', async () => {
    const hooks = { afterDismissGroup: {} }
    const dismiss = (given: object = {}) => app.call(app.env(hooks), '/group/dismiss_group', { groupID, ...given })
    expect(await dismiss()).toEqual(DONE)
    expect((await dismiss()).errCode).toBe(1204)
    expect(await dismiss({ deleteMember: true })).toEqual(DONE)
    expect(app.afterWebhooks('afterDismissGroup')).toEqual([
      {
        callbackCommand: 'callbackAfterDisMissGroupCommand',
        ...{ groupID, ownerID: names.olga, groupType: '\u0002' },
        membersID: [names.olga, names.adam, names.mia],
      },
    ])
  })

  it('reports no leaving member when the call is refused', async () => {
    expect((await call({ afterQuitGroup: {} }, 'quit_group', { groupID })).errCode).toBe(1002)
    expect(app.queued).toEqual([])
  })
})

describe('transfer_group with a webhook', () => {
  it('reports the old and the new owner', async () => {
    await found()
    const body = { groupID, oldOwnerUserID: names.olga, newOwnerUserID: names.mia }
    expect(await call({ afterTransferGroupOwner: {} }, 'transfer_group', body)).toEqual(DONE)
    expect(app.afterWebhooks('afterTransferGroupOwner')).toEqual([
      { callbackCommand: 'callbackAfterTransferGroupOwnerCommand', ...body },
    ])
  })
})

describe.each([
  ['', '', { ex: '', needVerification: 0, lookMemberInfo: 0, applyMemberFriend: 0 }],
  ['Ex', null, { ex: null, needVerification: null, lookMemberInfo: null, applyMemberFriend: null }],
] as const)('set_group_info with webhooks, form %j', (form, absent, absentRules) => {
  const hooks = { [`beforeSetGroupInfo${form}`]: {}, [`afterSetGroupInfo${form}`]: {} }
  const change = (given: object, by = names.olga) => {
    const info = { groupID, ...given }
    if (form === 'Ex') return call(hooks, 'set_group_info_ex', info, by)
    return call(hooks, 'set_group_info', { groupInfoForSet: info }, by)
  }
  const told = () => app.afterWebhooks(`afterSetGroupInfo${form}`)

  beforeEach(async () => {
    await found({ introduction: 'before' })
  })

  it('asks with the given fields and reports the changed group', async () => {
    expect(await change({ groupName: 'New' })).toEqual(DONE)
    const fields = {
      ...{ operationID: 'op-1', groupID, groupName: 'New' },
      ...{ notification: absent, introduction: absent, faceURL: absent },
    }
    expect(app.asked.map(({ body }) => body)).toEqual([
      { callbackCommand: `callbackBeforeSetGroupInfo${form}Command`, ...fields, ...absentRules },
    ])
    const none = { ex: null, needVerification: null, lookMemberInfo: null, applyMemberFriend: null }
    expect(told()).toEqual([{ callbackCommand: `callbackAfterSetGroupInfo${form}Command`, ...fields, ...none }])
  })

  it('is refused by the app server, and then changes no field', async () => {
    app.answer = () => REFUSE
    expect(await change({ groupName: 'New' })).toEqual(REFUSAL)
    expect(await groupOf()).toMatchObject({ groupName: 'Friends' })
    expect(told()).toEqual([])
  })

  it('applies the app server’s changes, except to the announcement, and keeps the other fields', async () => {
    const answer = { groupName: 'Newer', faceURL: 'f', ex: 'x', needVerification: 2, lookMemberInfo: 1 }
    app.answer = () => ({ ...GO_ON, ...answer, applyMemberFriend: 1, introduction: null, notification: 'app' })
    expect(await change({ groupName: 'New', notification: 'news' })).toEqual(DONE)
    const wanted = { ...answer, applyMemberFriend: 1, notification: 'news' }
    expect(await groupOf()).toMatchObject({ ...wanted, introduction: 'before' })
    expect(told()).toMatchObject([wanted])
  })

  it.each([{ groupName: 'x'.repeat(300) }, { needVerification: 3 }])(
    'refuses a reply that the call itself would refuse: %j',
    async (answer) => {
      app.answer = () => ({ ...GO_ON, ...answer })
      expect((await change({ ex: 'x' })).errCode).toBe(90007)
      expect(await groupOf()).toMatchObject({ groupName: 'Friends', ex: 'of the group', needVerification: 0 })
    },
  )

  it('does not ask the app server when the caller may not change the group', async () => {
    expect((await change({ groupName: 'New' }, names.mia)).errCode).toBe(1002)
    expect(app.asked).toEqual([])
  })
})

describe('set_group_info with a webhook', () => {
  it('keeps the values of the request when the app server answers empty texts', async () => {
    await found({ introduction: 'before' })
    app.answer = () => ({ ...GO_ON, groupName: '', introduction: '', faceURL: '' })
    await call({ beforeSetGroupInfo: {} }, 'set_group_info', { groupInfoForSet: { groupID, groupName: 'New' } })
    expect(await groupOf()).toMatchObject({ groupName: 'New', introduction: 'before' })
  })
})

describe('set_group_member_info with webhooks', () => {
  const HOOKS = { beforeSetGroupMemberInfo: {}, afterSetGroupMemberInfo: {} }
  const change = (members: object[], by = names.olga) =>
    call(HOOKS, 'set_group_member_info', { members: members.map((member) => ({ groupID, ...member })) }, by)
  const fields = (userID: string, nickName: string) => ({
    groupID,
    userID,
    nickName,
    faceURL: null,
    roleLevel: null,
    ex: null,
  })

  beforeEach(async () => {
    await found()
  })

  it('asks about each member and reports each member', async () => {
    const members = [
      { userID: names.mia, nickname: 'M' },
      { userID: names.adam, nickname: 'A' },
    ]
    expect(await change(members)).toEqual(DONE)
    const [mia, adam] = [fields(names.mia, 'M'), fields(names.adam, 'A')]
    const callbackCommand = 'callbackBeforeSetGroupMemberInfoCommand'
    expect(asked(callbackCommand)).toEqual([mia, adam].map((one) => ({ callbackCommand, ...one })))
    expect(app.afterWebhooks('afterSetGroupMemberInfo')).toEqual(
      [mia, adam].map((one) => ({ callbackCommand: 'callbackAfterSetGroupMemberInfoCommand', ...one })),
    )
  })

  it('changes no member when the app server refuses one member', async () => {
    app.answer = ({ body }) => (body.userID === names.adam ? REFUSE : GO_ON)
    const members = [names.mia, names.adam].map((userID) => ({ userID, nickname: 'N' }))
    expect(await change(members)).toEqual(REFUSAL)
    expect(await memberOf(names.mia)).toMatchObject({ nickname: `nick of ${names.mia}` })
    expect(app.queued).toEqual([])
  })

  it('applies the app server’s changes, even changes that the caller may not make', async () => {
    app.answer = () => ({ ...GO_ON, nickName: 'Dame Mia', roleLevel: 60, ex: 'x' })
    expect(await change([{ userID: names.mia, nickname: 'M' }], names.mia)).toEqual(DONE)
    expect(await memberOf(names.mia)).toMatchObject({ nickname: 'Dame Mia', roleLevel: 60, ex: 'x' })
    expect(app.afterWebhooks('afterSetGroupMemberInfo')).toMatchObject([
      { nickName: 'Dame Mia', roleLevel: 60, ex: 'x' },
    ])
  })

  it.each([
    ['makes a second owner', () => names.mia, { roleLevel: 100 }],
    ['lowers the owner', () => names.olga, { roleLevel: 20 }],
    ['has an unknown role', () => names.mia, { roleLevel: 30 }],
    ['has a name that is too long', () => names.mia, { nickName: 'x'.repeat(300) }],
  ] as const)('refuses a reply that %s', async (_what, userID, answer) => {
    const before = await memberOf(userID())
    app.answer = () => ({ ...GO_ON, ...answer })
    expect((await change([{ userID: userID(), nickname: 'N' }])).errCode).toBe(90007)
    expect(await memberOf(userID())).toEqual(before)
  })
})

describe('a deployment without webhooks', () => {
  it('sends no webhook and queues no event', async () => {
    await found({ needVerification: 2 })
    await call({}, 'join_group', { groupID, joinSource: 3, inviterUserID: names.ann }, names.ann)
    await call({}, 'set_group_info_ex', { groupID, groupName: 'New' })
    await call({}, 'dismiss_group', { groupID })
    expect(app.asked).toEqual([])
    expect(app.queued).toEqual([])
  })
})
