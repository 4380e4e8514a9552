import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { getIncrementalGroupMembersBatch } from '../../../src/features/group/lists/sync-members.ts'
import { openDatabase } from '../../../src/platform/storage/d1.ts'
import { ChangeState, OWNER_MARKER, SORT_MARKER } from '../../../src/sync/compute-delta.ts'
import { idHash } from '../../../src/sync/id-hash.ts'
import { bumpVersion } from '../../../src/sync/version-store.ts'
import { countedContext } from '../../rigs/counted-database.ts'
import { cast, createTestGroup } from '../../rigs/group-shadow.ts'
import { adminToken, bindings, post, register, userToken } from '../../rigs/rig.ts'
import { seedGroupOf, seedMember } from '../../rigs/seed-group.ts'

const { Insert, Update, Delete } = ChangeState

let token: string
let next = 0
let groupID: string

beforeAll(async () => {
  await register('olga', 'mia', 'max', 'stranger')
  token = await userToken('mia')
})

const members = { mia: { joinTime: 5 }, olga: { roleLevel: 100, joinTime: 9 }, max: { joinTime: 4 } }

beforeEach(async () => {
  groupID = `g${next++}`
  await seedGroupOf(members, { groupID, groupName: 'Gardeners' })
})

const bump = (changes: Record<string, ChangeState>, ownerID = groupID) =>
  bumpVersion(
    openDatabase(bindings.DB),
    'group-member',
    ownerID,
    Object.entries(changes).map(([elementID, state]) => ({ elementID, state })),
  )

const call = (verb: string, body: object, as = token) => post(`/group/${verb}`, body, as)
const full = async () => (await call('get_incremental_group_members', { groupID })).data
const since = async (known: { versionID: string; version: number }) =>
  (await call('get_incremental_group_members', { groupID, ...known })).data
const batch = (reqList: object[], as = token) =>
  call('get_incremental_group_members_batch', { userID: 'mia', reqList }, as)

describe('get_incremental_group_members', () => {
  it('answers a client that has no version with full and the group', async () => {
    const first = await full()
    expect(first).toMatchObject({ version: 1, full: true, delete: null, insert: null, update: null, sortVersion: 0 })
    expect(first.versionID).toMatch(/^[0-9a-f]{24}$/)
    expect(first.group).toMatchObject({ groupID, groupName: 'Gardeners', ownerUserID: 'olga', memberCount: 3 })
  })

  it('answers a client with the current version with no changes', async () => {
    const { versionID, version } = await full()
    expect(await since({ versionID, version })).toEqual({
      ...{ versionID, version, full: false, delete: null, insert: null, update: null, group: null, sortVersion: 0 },
    })
  })

  it('returns members who joined, changed and left, with their current rows', async () => {
    const known = await full()
    await bump({ max: Insert, gone: Insert })
    await bump({ mia: Update, left: Delete })
    const delta = await since(known)
    expect(delta).toMatchObject({ version: 3, versionID: known.versionID, full: false, sortVersion: 0 })
    // The user `gone` is not a member any more and is left out.
    expect(delta.insert).toMatchObject([{ groupID, userID: 'max', nickname: 'nick of max', roleLevel: 20 }])
    expect(delta.update).toMatchObject([{ userID: 'mia' }])
    expect(delta.delete).toEqual(['left'])
    expect(delta.group).toMatchObject({ groupID })
    expect(await since({ ...known, version: 2 })).toMatchObject({ insert: null, update: [{ userID: 'mia' }] })
  })

  it('returns only the group when no member changed', async () => {
    const known = await full()
    await bump({ [OWNER_MARKER]: Update })
    expect(await since(known)).toMatchObject({
      ...{ version: 2, full: false, delete: null, insert: null, update: null, sortVersion: 0, group: { groupID } },
    })
  })

  it('returns the version at which the order of the list changed', async () => {
    const known = await full()
    await bump({ mia: Update, [SORT_MARKER]: Update })
    expect(await since(known)).toMatchObject({ version: 2, sortVersion: 2, update: [{ userID: 'mia' }], delete: null })
    await bump({ max: Update })
    expect(await since({ ...known, version: 2 })).toMatchObject({ version: 3, sortVersion: 0 })
  })

  it('answers with full when more than 200 members changed', async () => {
    const known = await full()
    await bump(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`m${i}`, Insert])))
    expect(await since(known)).toMatchObject({ full: true, insert: null, group: { groupID } })
  })

  it('refuses a dismissed group with error 1204', async () => {
    await seedGroupOf(members, { groupID: 'over', status: 2 })
    expect((await call('get_incremental_group_members', { groupID: 'over' })).errCode).toBe(1204)
  })

  it('refuses versions that are not whole numbers from 0', async () => {
    for (const given of [{ version: '1' }, { version: -1 }, { version: 1.5 }, { versionID: 7 }]) {
      expect((await call('get_incremental_group_members', { groupID, ...given })).errCode).toBe(1001)
    }
  })
})

describe('get_incremental_group_members_batch', () => {
  it('answers each group as get_incremental_group_members does', async () => {
    const known = await full()
    await bump({ max: Insert })
    const other = `g${next++}`
    await seedGroupOf(members, { groupID: other })
    await bump({ olga: Insert, mia: Insert, max: Insert }, other)
    const { data } = await batch([{ ...known, groupID }, { groupID: other }])
    expect(Object.keys(data.respList).sort()).toEqual([groupID, other].sort())
    expect(data.respList[groupID]).toEqual(await since(known))
    expect(data.respList[other]).toMatchObject({ version: 2, full: true, group: { groupID: other, memberCount: 3 } })
  })

  it('leaves out dismissed groups, and uses the first of two entries for the same group', async () => {
    const known = await full()
    await seedGroupOf(members, { groupID: 'ended', status: 2 })
    const { data } = await batch([{ ...known, groupID }, { groupID: 'ended' }, { groupID }])
    expect(data.respList).toEqual({ [groupID]: await since(known) })
    expect((await batch([{ groupID: 'ended' }])).data).toEqual({ respList: {} })
    expect((await batch([])).data).toEqual({ respList: {} })
  })

  it('leaves out a group that its former owner dismissed', async () => {
    const { olga, mia } = await cast('olga', 'mia')
    const [live, dismissed] = [
      await createTestGroup(olga, { members: [mia] }),
      await createTestGroup(olga, { members: [mia] }),
    ]
    await olga.call('dismiss_group', { groupID: dismissed })
    for (const { userID, token: own } of [olga, mia]) {
      const body = { userID, reqList: [{ groupID: live }, { groupID: dismissed }] }
      const reply = await post('/group/get_incremental_group_members_batch', body, own)
      expect([reply.errCode, Object.keys(reply.data.respList)]).toEqual([0, [live]])
    }
  })

  it('leaves out the remaining groups after 500 changes; a second call returns them', async () => {
    const reqList: { groupID: string; versionID: string; version: number }[] = []
    for (let i = 0; i < 60; i++) {
      groupID = `g${next++}`
      await seedGroupOf({ mia: {} }, { groupID })
      reqList.push({ groupID, ...(await full()) })
      const left = Array.from({ length: i < 3 ? 180 : 1 }, (_, n) => [`left${n}`, Delete])
      await bump(Object.fromEntries(left))
    }
    const first = (await batch(reqList)).data.respList
    expect(Object.keys(first).sort()).toEqual(
      reqList
        .slice(0, 3)
        .map((one) => one.groupID)
        .sort(),
    )
    const rest = (await batch(reqList.slice(3))).data.respList
    expect(Object.keys(rest)).toHaveLength(57)
    expect(rest[groupID]).toMatchObject({ full: false, delete: ['left0'] })
    const { ctx, read } = countedContext('mia')
    await getIncrementalGroupMembersBatch(ctx, { userID: 'mia', reqList: reqList.slice(3) })
    // One query for groups with member rows. Then, for each 50 groups: versions, one query of changes per group,
    // groups.
    expect(read.statements).toBe(1 + 2 + 57 + 2)
  })

  it('refuses the whole call when the caller has no access to one of the groups', async () => {
    const foreign = `g${next++}`
    await seedGroupOf({ olga: { roleLevel: 100 } }, { groupID: foreign })
    expect((await batch([{ groupID }, { groupID: foreign }])).errCode).toBe(1002)
    const asApp = await batch([{ groupID }, { groupID: foreign }], await adminToken())
    expect(Object.keys(asApp.data.respList)).toHaveLength(2)
  })

  it('refuses more than 1,000 groups and wrong types', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => ({ groupID: `x${i}` }))
    expect((await batch(many)).errCode).toBe(1001)
    for (const reqList of ['g1', [null], [{ groupID: 1 }], [{}], [{ groupID, version: {} }]]) {
      expect((await batch(reqList as object[])).errCode).toBe(1001)
    }
  })
})

describe('get_full_group_member_user_ids', () => {
  it('returns the userIDs in the order of the list, unless the client sends the same hash', async () => {
    await bump({ mia: Insert })
    const userIDs = ['olga', 'max', 'mia']
    const { data } = await call('get_full_group_member_user_ids', { groupID, idHash: 0 })
    expect(data).toMatchObject({ version: 2, equal: false, userIDs })
    // The hash has more digits than a JavaScript number, so the test writes the JSON body as text.
    const asked = (hash: bigint) =>
      post('/group/get_full_group_member_user_ids', `{"groupID":"${groupID}","idHash":${hash}}`, token)
    expect((await asked(idHash(userIDs))).data).toMatchObject({ version: 2, equal: true, userIDs: [] })
    expect((await asked(idHash(userIDs) + 1n)).data).toMatchObject({ equal: false, userIDs })
  })

  it('includes a user who just joined', async () => {
    await seedMember({ groupID, userID: 'stranger', joinTime: 1, roleLevel: 60 })
    const { data } = await call('get_full_group_member_user_ids', { groupID })
    expect(data.userIDs).toEqual(['olga', 'stranger', 'max', 'mia'])
  })
})
