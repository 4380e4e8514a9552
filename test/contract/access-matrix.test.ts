import { beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/http/endpoints.ts'
import { adminToken, bindings, post, register, userToken } from '../rigs/rig.ts'
import { agreesWithDocumentation } from './access-lines.ts'
import { emptyFor, enormousFor, fieldsOf, held, type Path, withField, wrongFor } from './fields.ts'

/*
 * The access rules of the group and friend endpoints, as a table: every kind of caller calls every endpoint with a
 * valid request. A refused call must change nothing.
 */

const USER_IDS = ['olga', 'adam', 'mia', 'max', 'ann', 'stranger'] as const
const tokens = new Map<string, string>()

beforeAll(async () => {
  await register(...USER_IDS)
  for (const userID of USER_IDS) tokens.set(userID, await userToken(userID))
  tokens.set('app', await adminToken())
})

const call = (path: string, body: unknown, as: string) => post(path, body, tokens.get(as))
const page = { pagination: { pageNumber: 1, showNumber: 10 } }
const known = { versionID: '', version: 0 }

let next = 0

/** Creates a group: olga owns it, adam is an administrator, mia and max are members, and ann has applied to join. */
async function freshGroup(): Promise<string> {
  const groupID = `matrix${next++}`
  const created = await call(
    '/group/create_group',
    {
      ...{ ownerUserID: 'olga', adminUserIDs: ['adam'], memberUserIDs: ['mia', 'max'] },
      groupInfo: { groupID, groupName: groupID, groupType: 2 },
    },
    'olga',
  )
  const applied = await call('/group/join_group', { groupID, joinSource: 3, inviterUserID: 'ann' }, 'ann')
  expect([created.errCode, applied.errCode]).toEqual([0, 0])
  return groupID
}

/** All rows of a group in D1. */
async function rowsOf(groupID: string): Promise<unknown> {
  const tables = {
    chat_group: 'group_id',
    group_member: 'group_id',
    group_request: 'group_id',
    version_head: 'owner_id',
    version_change: 'owner_id',
  }
  const statements = Object.entries(tables).map(([table, column]) =>
    bindings.DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).bind(groupID),
  )
  return (await bindings.DB.batch(statements)).map(({ results }) => results)
}

/** The callers: a user who is not a member, a member, an administrator of the group, its owner, and the app server. */
const CALLERS = ['stranger', 'mia', 'adam', 'olga', 'app'] as const
/** The errCode that each caller gets, in the order of CALLERS. */
type Codes = readonly [number, number, number, number, number]

const ANYBODY: Codes = [0, 0, 0, 0, 0]
const MEMBERS: Codes = [1002, 0, 0, 0, 0]
const ADMINS: Codes = [1002, 1002, 0, 0, 0]
const OWNER: Codes = [1002, 1002, 1002, 0, 0]
const APP: Codes = [1002, 1002, 1002, 1002, 0]
const MIA: Codes = [1002, 0, 1002, 1002, 0]
const STRANGER: Codes = [0, 1002, 1002, 1002, 0]

/**
 * The errCodes after the group was dismissed, which ended all memberships. Calls that are not listed answer as before,
 * because they are not about this group.
 */
const CHANGES: Codes = [1204, 1204, 1204, 1204, 1204]
const READS: Codes = [1204, 1204, 1204, 1204, 0]
const AFTER_DISMISSAL: Record<string, Codes> = {
  set_group_info: CHANGES,
  set_group_info_ex: CHANGES,
  dismiss_group: CHANGES,
  transfer_group: CHANGES,
  mute_group: CHANGES,
  cancel_mute_group: CHANGES,
  join_group: [1204, 1002, 1002, 1002, 1204],
  invite_user_to_group: CHANGES,
  group_application_response: CHANGES,
  quit_group: [1002, 1204, 1002, 1002, 1204],
  kick_group: CHANGES,
  set_group_member_info: CHANGES,
  mute_group_member: CHANGES,
  cancel_mute_group_member: CHANGES,
  get_group_abstract_info: [1204, 1204, 1204, 1204, 1201],
  get_group_member_list: READS,
  get_group_members_info: [1204, 0, 0, 0, 0],
  get_group_member_user_id: READS,
  get_incremental_group_members: CHANGES,
  get_incremental_group_members_batch: ANYBODY,
  get_full_group_member_user_ids: READS,
  get_recv_group_applicationList: [1002, 1002, 1002, 1204, 0],
  get_group_users_req_application_list: READS,
  get_specified_user_group_request_info: READS,
}

const GROUP_CALLS: Record<string, [Codes, (groupID: string) => Record<string, unknown>]> = {
  create_group: [
    OWNER,
    (groupID) => ({
      ...{ ownerUserID: 'olga', adminUserIDs: ['adam'], memberUserIDs: ['mia'], sendMessage: true },
      groupInfo: {
        ...{ groupID: `${groupID}x${next++}`, groupName: 'x', groupType: 2, notification: 'n', introduction: 'i' },
        ...{
          faceURL: 'f',
          ex: 'x',
          creatorUserID: 'olga',
          needVerification: 0,
          lookMemberInfo: 0,
          applyMemberFriend: 0,
        },
      },
    }),
  ],
  set_group_info: [
    ADMINS,
    (groupID) => ({
      groupInfoForSet: {
        ...{ groupID, groupName: 'x', notification: 'n', introduction: 'i', faceURL: 'f', ex: 'x' },
        ...{ needVerification: 0, lookMemberInfo: 0, applyMemberFriend: 0 },
      },
    }),
  ],
  set_group_info_ex: [
    ADMINS,
    (groupID) => ({
      ...{ groupID, groupName: 'x', notification: 'n', introduction: 'i', faceURL: 'f', ex: 'x' },
      ...{ needVerification: 0, lookMemberInfo: 0, applyMemberFriend: 0 },
    }),
  ],
  dismiss_group: [OWNER, (groupID) => ({ groupID, deleteMember: false, sendMessage: true })],
  transfer_group: [OWNER, (groupID) => ({ groupID, oldOwnerUserID: 'olga', newOwnerUserID: 'max' })],
  mute_group: [ADMINS, (groupID) => ({ groupID })],
  cancel_mute_group: [ADMINS, (groupID) => ({ groupID })],
  join_group: [
    STRANGER,
    (groupID) => ({ groupID, reqMessage: 'r', joinSource: 3, inviterUserID: 'stranger', ex: 'x' }),
  ],
  invite_user_to_group: [
    MEMBERS,
    (groupID) => ({ groupID, reason: 'r', invitedUserIDs: ['stranger'], sendMessage: true }),
  ],
  group_application_response: [ADMINS, (groupID) => ({ groupID, fromUserID: 'ann', handledMsg: 'h', handleResult: 1 })],
  quit_group: [MIA, (groupID) => ({ groupID, userID: 'mia' })],
  kick_group: [ADMINS, (groupID) => ({ groupID, kickedUserIDs: ['max'], reason: 'r', sendMessage: true })],
  set_group_member_info: [
    ADMINS,
    (groupID) => ({ members: [{ groupID, userID: 'max', nickname: 'n', faceURL: 'f', ex: 'x', roleLevel: 20 }] }),
  ],
  mute_group_member: [ADMINS, (groupID) => ({ groupID, userID: 'max', mutedSeconds: 60 })],
  cancel_mute_group_member: [ADMINS, (groupID) => ({ groupID, userID: 'max' })],

  get_joined_group_list: [MIA, () => ({ fromUserID: 'mia', ...page })],
  get_groups_info: [ANYBODY, (groupID) => ({ groupIDs: [groupID] })],
  get_groups: [ANYBODY, (groupID) => ({ groupID, groupName: '', ...page })],
  'get_groups of the deployment': [APP, () => ({ groupID: '', groupName: 'matrix', ...page })],
  get_group_abstract_info: [MEMBERS, (groupID) => ({ groupIDs: [groupID] })],
  get_incremental_join_groups: [MIA, () => ({ userID: 'mia', ...known })],
  get_full_join_group_ids: [MIA, () => ({ userID: 'mia', idHash: 0 })],
  get_group_member_list: [MEMBERS, (groupID) => ({ groupID, filter: 0, keyword: '', ...page })],
  get_group_members_info: [MEMBERS, (groupID) => ({ groupID, userIDs: ['max'] })],
  get_group_member_user_id: [MEMBERS, (groupID) => ({ groupID })],
  get_incremental_group_members: [MEMBERS, (groupID) => ({ groupID, ...known })],
  get_incremental_group_members_batch: [MEMBERS, (groupID) => ({ userID: 'mia', reqList: [{ groupID, ...known }] })],
  get_full_group_member_user_ids: [MEMBERS, (groupID) => ({ groupID, idHash: 0 })],
  get_recv_group_applicationList: [
    OWNER,
    (groupID) => ({ fromUserID: 'olga', groupIDs: [groupID], handleResults: [0], ...page }),
  ],
  get_user_req_group_applicationList: [
    STRANGER,
    (groupID) => ({ userID: 'stranger', groupIDs: [groupID], handleResults: [0], ...page }),
  ],
  get_group_users_req_application_list: [ADMINS, (groupID) => ({ groupID, userIDs: ['ann'] })],
  get_specified_user_group_request_info: [ADMINS, (groupID) => ({ groupID, userID: 'ann' })],
  get_group_application_unhandled_count: [OWNER, () => ({ userID: 'olga', time: 0 })],
}

/** Calls about mia's friends: only mia and the app server may make them, whatever role a caller has in a group. */
const FRIEND_CALLS: Record<string, [Codes, () => Record<string, unknown>]> = {
  add_friend: [MIA, () => ({ fromUserID: 'mia', toUserID: 'max', reqMsg: 'r', ex: 'x' })],
  add_friend_response: [MIA, () => ({ fromUserID: 'ann', toUserID: 'mia', handleResult: -1, handleMsg: 'h' })],
  import_friend: [APP, () => ({ ownerUserID: 'mia', friendUserIDs: ['olga'] })],
  delete_friend: [MIA, () => ({ ownerUserID: 'mia', friendUserID: 'olga' })],
  set_friend_remark: [MIA, () => ({ ownerUserID: 'mia', friendUserID: 'adam', remark: 'r' })],
  update_friends: [MIA, () => ({ ownerUserID: 'mia', friendUserIDs: ['adam'], isPinned: true, remark: 'r', ex: 'x' })],
  get_friend_apply_list: [MIA, () => ({ userID: 'mia', handleResults: [0], ...page })],
  get_self_friend_apply_list: [MIA, () => ({ userID: 'mia', handleResults: [0], ...page })],
  get_designated_friend_apply: [MIA, () => ({ fromUserID: 'ann', toUserID: 'mia' })],
  get_self_unhandled_apply_count: [MIA, () => ({ userID: 'mia', time: 0 })],
  get_friend_list: [MIA, () => ({ userID: 'mia', ...page })],
  get_designated_friends: [MIA, () => ({ ownerUserID: 'mia', friendUserIDs: ['adam'] })],
  get_friend_id: [MIA, () => ({ userID: 'mia' })],
  get_specified_friends_info: [MIA, () => ({ ownerUserID: 'mia', userIDList: ['adam'] })],
  is_friend: [[1002, 0, 0, 1002, 0], () => ({ userID1: 'mia', userID2: 'adam' })],
  get_incremental_friends: [MIA, () => ({ userID: 'mia', ...known })],
  get_full_friend_user_ids: [MIA, () => ({ userID: 'mia', idHash: 0 })],
  add_black: [MIA, () => ({ ownerUserID: 'mia', blackUserID: 'max', ex: 'x' })],
  remove_black: [MIA, () => ({ ownerUserID: 'mia', blackUserID: 'max' })],
  get_black_list: [MIA, () => ({ userID: 'mia', ...page })],
  get_specified_blacks: [MIA, () => ({ ownerUserID: 'mia', userIDList: ['max'] })],
  get_incremental_blacks: [MIA, () => ({ userID: 'mia', ...known })],
}

/** Resets the friends before a call: adam is mia's friend, and ann has sent mia a friend request. */
async function freshFriends(): Promise<void> {
  await bindings.DB.batch(
    ['friend', 'friend_request', 'black'].map((table) => bindings.DB.prepare(`DELETE FROM ${table}`)),
  )
  await call('/friend/import_friend', { ownerUserID: 'mia', friendUserIDs: ['adam'] }, 'app')
  await call('/friend/add_friend', { fromUserID: 'ann', toUserID: 'mia' }, 'ann')
}

async function friendRows(): Promise<unknown> {
  const statements = ['friend', 'friend_request', 'black'].map((table) =>
    bindings.DB.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`),
  )
  return (await bindings.DB.batch(statements)).map(({ results }) => results)
}

const pathsOf = (area: string) =>
  endpoints.map(({ path }) => path.split('/')).flatMap(([, first, verb]) => (first === area && verb ? [verb] : []))

/** The verb of an entry; a second entry of the same call adds words that say its case. */
const verbOf = (entry: string) => entry.split(' ')[0] as string

describe('the access table', () => {
  it('has every endpoint about groups and friends', () => {
    expect([...new Set(Object.keys(GROUP_CALLS).map(verbOf))].sort()).toEqual(pathsOf('group').sort())
    expect(Object.keys(FRIEND_CALLS).sort()).toEqual(pathsOf('friend').sort())
  })
})

describe('the documented access', () => {
  const entries = [
    ...Object.entries(GROUP_CALLS).map(([entry, [codes]]) => [`/group/${entry}`, codes] as const),
    ...Object.entries(FRIEND_CALLS).map(([entry, [codes]]) => [`/friend/${entry}`, codes] as const),
  ]

  it.each(entries.filter(([path]) => !path.includes(' ')))('agrees with the codes of %s', (path, codes) => {
    expect(agreesWithDocumentation(path, codes)).toBe(true)
  })
})

describe('the access rules', () => {
  it.each(Object.entries(GROUP_CALLS))(
    'are enforced by /group/%s, and a refused call changes nothing',
    async (entry, [codes, body]) => {
      const answers: number[] = []
      for (const [i, caller] of CALLERS.entries()) {
        const groupID = await freshGroup()
        const before = await rowsOf(groupID)
        const reply = await call(`/group/${verbOf(entry)}`, body(groupID), caller)
        answers.push(reply.errCode)
        if (codes[i] === 0) continue
        expect(reply).not.toHaveProperty('data')
        expect(await rowsOf(groupID)).toEqual(before)
      }
      expect(answers).toEqual(codes)
    },
  )

  it.each(Object.entries(GROUP_CALLS))(
    'apply to /group/%s of a dismissed group, and the call changes nothing',
    async (verb, [before, body]) => {
      const groupID = await freshGroup()
      expect((await call('/group/dismiss_group', { groupID }, 'olga')).errCode).toBe(0)
      const rows = await rowsOf(groupID)
      const answers: number[] = []
      for (const caller of CALLERS) answers.push((await call(`/group/${verbOf(verb)}`, body(groupID), caller)).errCode)
      expect(answers).toEqual(AFTER_DISMISSAL[verb] ?? before)
      expect(await rowsOf(groupID)).toEqual(rows)
    },
  )

  it.each(Object.entries(FRIEND_CALLS))(
    'are enforced by /friend/%s, and a refused call changes nothing',
    async (verb, [codes, body]) => {
      const answers: number[] = []
      for (const [i, caller] of CALLERS.entries()) {
        await freshFriends()
        const before = await friendRows()
        const reply = await call(`/friend/${verb}`, body(), caller)
        answers.push(reply.errCode)
        if (codes[i] === 0) continue
        expect(reply).not.toHaveProperty('data')
        expect(await friendRows()).toEqual(before)
      }
      expect(answers).toEqual(codes)
    },
  )
})

/** Fields that may have any length: a client with an unknown version ID gets the full list. */
const ANY_LENGTH = new Set(['versionID'])
/** OpenIM: accepts the field but ignores it. */
const IGNORED = new Set(['/group/get_incremental_group_members_batch userID'])

/** Whether the answer to an enormous value is right. An ID in a list may have any length: it does not exist. */
function isAnswered(path: string, field: Path, errCode: number): boolean {
  const last = field.at(-1)
  if (typeof last === 'number') return errCode === 0 || errCode > 1_000
  const isFree = ANY_LENGTH.has(last ?? '') || IGNORED.has(`${path} ${field.join('.')}`)
  return errCode === (isFree ? 0 : 1001)
}

const GOOD_REQUESTS: [string, () => Promise<{ body: Record<string, unknown>; rows: () => Promise<unknown> }>][] = [
  ...Object.entries(GROUP_CALLS).map(([entry, [, body]]): (typeof GOOD_REQUESTS)[number] => [
    `/group/${verbOf(entry)}`,
    async () => {
      const groupID = await freshGroup()
      return { body: body(groupID), rows: () => rowsOf(groupID) }
    },
  ]),
  ...Object.entries(FRIEND_CALLS).map(([verb, [, body]]): (typeof GOOD_REQUESTS)[number] => [
    `/friend/${verb}`,
    async () => {
      await freshFriends()
      return { body: body(), rows: friendRows }
    },
  ]),
]

describe('a request with one wrong field', () => {
  it.each(GOOD_REQUESTS)(
    'is refused by %s when the type or the size is wrong, and changes nothing',
    async (path, good) => {
      const { body, rows } = await good()
      const before = await rows()
      for (const field of fieldsOf(body)) {
        const value = held(body, field)
        const wrong = await call(path, withField(body, field, wrongFor(value)), 'app')
        expect([field, wrong.errCode]).toEqual([field, 1001])
        expect(wrong.errDlt).toMatch(/^[a-zA-Z0-9.]+: /)
        const enormous = await call(path, withField(body, field, enormousFor(value)), 'app')
        expect([field, 'enormous', isAnswered(path, field, enormous.errCode)]).toEqual([field, 'enormous', true])
      }
      expect(await rows()).toEqual(before)
    },
  )

  it.each(GOOD_REQUESTS)(
    'does not lead to an internal error of %s when the field is missing or empty',
    async (path, good) => {
      let { body, rows } = await good()
      let before = await rows()
      for (const field of fieldsOf(body)) {
        for (const given of [undefined, null, 'empty']) {
          const value = given === 'empty' ? emptyFor(held(body, field)) : given
          const { errCode } = await call(path, withField(body, field, value), 'app')
          expect([field, given, errCode === 0 || errCode > 1_000]).toEqual([field, given, true])
          if (errCode !== 0) {
            expect(await rows()).toEqual(before)
            continue
          }
          ;({ body, rows } = await good())
          before = await rows()
        }
      }
    },
    30_000,
  )
})
