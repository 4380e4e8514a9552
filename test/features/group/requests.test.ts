import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, post, register, userToken } from '../../rigs/rig.ts'
import { seedGroupOf, seedRequest } from '../../rigs/seed-group.ts'

const PAGE = { pagination: { pageNumber: 1, showNumber: 10 } }

const tokens = new Map<string, string>()

beforeAll(async () => {
  await register('olga', 'adam', 'mia', 'ann', 'ben', 'cid')
  for (const userID of ['olga', 'adam', 'mia', 'ann']) tokens.set(userID, await userToken(userID))
  tokens.set('app', await adminToken())
  await seedGroupOf(
    { olga: { roleLevel: 100 }, adam: { roleLevel: 60 }, mia: {} },
    { groupID: 'g1', groupName: 'One', needVerification: 1 },
  )
  await seedGroupOf({ olga: { roleLevel: 100 } }, { groupID: 'g2', groupName: 'Two' })
  await seedGroupOf({ mia: { roleLevel: 100 }, olga: {} }, { groupID: 'g3', groupName: 'Three' })
  await seedRequest({ groupID: 'g1', userID: 'ann', reqTime: 10, reqMsg: 'please', ex: 'x' })
  await seedRequest({
    ...{ groupID: 'g1', userID: 'ben', reqTime: 20, joinSource: 2, inviterUserID: 'mia', handleResult: 1 },
    ...{ handleUserID: 'adam', handledMsg: 'welcome', handledTime: 25 },
  })
  await seedRequest({ groupID: 'g2', userID: 'ann', reqTime: 30, handleResult: -1 })
  await seedRequest({ groupID: 'g2', userID: 'cid', reqTime: 40 })
  await seedRequest({ groupID: 'g3', userID: 'ann', reqTime: 50 })
})

interface Request {
  groupInfo: { groupID: string }
  userInfo: { userID: string }
}

const call = (verb: string, body: object, as: string) => post(`/group/${verb}`, body, tokens.get(as))
const received = (given: object, as = 'olga') =>
  call('get_recv_group_applicationList', { fromUserID: as, ...PAGE, ...given }, as)
const sent = (given: object, as = 'ann') =>
  call('get_user_req_group_applicationList', { userID: as, ...PAGE, ...given }, as)
const short = ({ data }: { data?: { groupRequests: Request[] } }) =>
  data?.groupRequests.map(({ groupInfo, userInfo }) => `${userInfo.userID} to ${groupInfo.groupID}`)

describe('get_recv_group_applicationList', () => {
  it('lists the requests to all groups that the user owns or administers, newest first', async () => {
    const reply = await received({})
    expect(reply.data.total).toBe(4)
    expect(short(reply)).toEqual(['cid to g2', 'ann to g2', 'ben to g1', 'ann to g1'])
    expect(short(await received({}, 'adam'))).toEqual(['ben to g1', 'ann to g1'])
    expect((await received({}, 'ann')).data).toEqual({ total: 0, groupRequests: [] })
  })

  it('shows the current data of user and group, and the answer to the request', async () => {
    const { data } = await received({}, 'adam')
    expect(data.groupRequests[0]).toEqual({
      userInfo: { userID: 'ben', nickname: 'nick of ben', faceURL: 'https://x/ben.png', ex: '' },
      groupInfo: {
        ...{ groupID: 'g1', groupName: 'One', notification: '', introduction: '', faceURL: 'https://x/g.png' },
        ...{ ownerUserID: 'olga', createTime: 1, memberCount: 3, ex: '', status: 0, creatorUserID: '', groupType: 2 },
        ...{ needVerification: 1, lookMemberInfo: 0, applyMemberFriend: 0 },
        ...{ notificationUpdateTime: 0, notificationUserID: '' },
      },
      ...{ handleResult: 1, reqMsg: 'let me in', handleMsg: 'welcome', reqTime: 20, handleUserID: 'adam' },
      ...{ handleTime: 25, ex: '', joinSource: 2, inviterUserID: 'mia' },
    })
  })

  it('lists only requests with the given results and to the given groups', async () => {
    expect(short(await received({ handleResults: [0] }))).toEqual(['cid to g2', 'ann to g1'])
    expect(short(await received({ handleResults: [1, -1] }))).toEqual(['ann to g2', 'ben to g1'])
    expect(short(await received({ groupIDs: ['g1', 'g1'] }))).toEqual(['ben to g1', 'ann to g1'])
    expect((await received({ groupIDs: ['g1'], handleResults: [-1] })).data.total).toBe(0)
  })

  it('returns pages', async () => {
    const page = async (pageNumber: number, showNumber: number) => {
      const reply = await received({ pagination: { pageNumber, showNumber } })
      return [reply.data.total, short(reply)]
    }
    expect(await page(2, 3)).toEqual([4, ['ann to g1']])
    expect(await page(3, 3)).toEqual([4, []])
    expect(await page(1, 0)).toEqual([4, []])
  })

  it('refuses other callers, and groups that the caller does not administer', async () => {
    expect((await call('get_recv_group_applicationList', { fromUserID: 'olga', ...PAGE }, 'adam')).errCode).toBe(1002)
    expect((await received({ groupIDs: ['g1', 'g3'] })).errCode).toBe(1002)
    expect((await received({ groupIDs: ['g1'] }, 'mia')).errCode).toBe(1002)
    expect((await received({ groupIDs: ['nowhere'] })).errCode).toBe(1201)
    const asApp = await call('get_recv_group_applicationList', { fromUserID: 'olga', groupIDs: ['g3'], ...PAGE }, 'app')
    expect(short(asApp)).toEqual(['ann to g3'])
  })

  it('refuses too many groups, pages that are too large and wrong types', async () => {
    for (const given of [
      { groupIDs: Array.from({ length: 1001 }, (_, i) => `g${i}`) },
      { groupIDs: 'g1' },
      { handleResults: ['0'] },
      { handleResults: Array(17).fill(0) },
      { pagination: { pageNumber: 1, showNumber: 1001 } },
      { pagination: undefined },
      { fromUserID: '' },
    ]) {
      expect([given, (await received(given)).errCode]).toEqual([given, 1001])
    }
  })
})

describe('get_user_req_group_applicationList', () => {
  it('lists the user’s own requests, newest first, filtered by group and result', async () => {
    expect(short(await sent({}))).toEqual(['ann to g3', 'ann to g2', 'ann to g1'])
    expect(short(await sent({ groupIDs: ['g1', 'g2', 'nowhere'] }))).toEqual(['ann to g2', 'ann to g1'])
    expect(short(await sent({ handleResults: [0] }))).toEqual(['ann to g3', 'ann to g1'])
    const second = await sent({ pagination: { pageNumber: 2, showNumber: 2 } })
    expect([second.data.total, short(second)]).toEqual([3, ['ann to g1']])
    expect((await sent({}, 'mia')).data).toEqual({ total: 0, groupRequests: [] })
  })

  it('refuses callers other than the user and app administrators, and unknown users with error 1004', async () => {
    expect((await call('get_user_req_group_applicationList', { userID: 'ann', ...PAGE }, 'olga')).errCode).toBe(1002)
    const asApp = (userID: string) => call('get_user_req_group_applicationList', { userID, ...PAGE }, 'app')
    expect((await asApp('ann')).data.total).toBe(3)
    expect((await asApp('nobody')).errCode).toBe(1004)
  })
})

describe('get_group_users_req_application_list', () => {
  const ask = (given: object, as = 'adam') =>
    call('get_group_users_req_application_list', { groupID: 'g1', userIDs: ['ann', 'ben', 'cid'], ...given }, as)

  it('lists the requests of the given users, and leaves out users without a request', async () => {
    const reply = await ask({})
    expect(reply.data.total).toBe(2)
    expect(short(reply)).toEqual(['ben to g1', 'ann to g1'])
    expect((await ask({ userIDs: ['cid', 'nobody'] })).data).toEqual({ total: 0, groupRequests: [] })
  })

  it('refuses callers who may not answer the requests', async () => {
    expect((await ask({}, 'mia')).errCode).toBe(1002)
    expect((await ask({}, 'ann')).errCode).toBe(1002)
    expect((await ask({}, 'app')).errCode).toBe(0)
    expect((await ask({ groupID: 'nowhere' })).errCode).toBe(1201)
  })

  it('refuses empty lists, too many users and wrong types', async () => {
    for (const userIDs of [[], null, 'ann', Array.from({ length: 1001 }, (_, i) => `u${i}`)]) {
      expect((await ask({ userIDs })).errCode).toBe(1001)
    }
  })
})

describe('get_specified_user_group_request_info', () => {
  const ask = (userID: string, as: string, groupID = 'g1') =>
    call('get_specified_user_group_request_info', { groupID, userID }, as)

  it('returns the request of one user to the user and to users who may answer the request', async () => {
    for (const as of ['ann', 'olga', 'adam', 'app']) {
      expect((await ask('ann', as)).data).toMatchObject({
        total: 1,
        groupRequests: [{ reqMsg: 'please', handleResult: 0, handleTime: 0, ex: 'x', userInfo: { userID: 'ann' } }],
      })
    }
  })

  // With an empty list, the JS SDK would report a request without content to its app.
  it('returns null when there is no request, as OpenIM does', async () => {
    expect((await ask('cid', 'olga')).data).toEqual({ total: 0, groupRequests: null })
    expect((await ask('mia', 'mia')).data).toEqual({ total: 0, groupRequests: null })
  })

  it('refuses other users, unknown groups and an empty userID', async () => {
    expect((await ask('ann', 'mia')).errCode).toBe(1002)
    expect((await ask('ben', 'ann')).errCode).toBe(1002)
    expect((await ask('ann', 'app', 'nowhere')).errCode).toBe(1004)
    expect((await ask('', 'ann')).errCode).toBe(1001)
  })
})

describe('get_group_application_unhandled_count', () => {
  const count = async (userID: string, given = {}, as = userID) => {
    const { errCode, data } = await call('get_group_application_unhandled_count', { userID, ...given }, as)
    return errCode === 0 ? data : errCode
  }

  it('counts the pending requests to the groups that the user manages, made after a time', async () => {
    expect(await count('olga')).toEqual({ count: 2 })
    expect(await count('olga', { time: 10 })).toEqual({ count: 1 })
    expect(await count('olga', { time: 40 })).toEqual({ count: 0 })
    expect(await count('adam')).toEqual({ count: 1 })
    expect(await count('ann')).toEqual({ count: 0 })
  })

  it('refuses callers other than the user and app administrators', async () => {
    expect(await count('olga', {}, 'adam')).toBe(1002)
    expect(await count('olga', {}, 'app')).toEqual({ count: 2 })
    expect(await count('olga', { time: 'soon' })).toBe(1001)
  })
})
