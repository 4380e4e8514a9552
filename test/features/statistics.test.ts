import { runDurableObjectAlarm } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { activeUsers } from '../../src/features/statistics/active-users-and-groups.ts'
import { ActiveUserReq } from '../../src/features/statistics/schema.ts'
import { DAY_MS } from '../../src/platform/durations.ts'
import { type CallerContext, createContext } from '../../src/runtime/context.ts'
import { adminToken, appendItem, bindings, conversation, post, register, until, userToken } from '../rigs/rig.ts'
import { seedGroup } from '../rigs/seed-group.ts'

/** Noon of 28 February 2024, plus a number of days. */
const noon = (day: number) => Date.parse('2024-02-28T12:00:00Z') + day * DAY_MS
const MARCH_2024 = Date.parse('2024-03-01T00:00:00Z')
const FIVE_DAYS = { start: noon(0) - DAY_MS / 2, end: noon(4) + DAY_MS / 2 }
const ALL = { pageNumber: 1, showNumber: 100 }

const ask = async (path: string, fields: object) =>
  post(`/statistics/${path}`, { pagination: ALL, ...FIVE_DAYS, ...fields }, await adminToken())

let next = 1
const say = (sendID: string, recvID: string, sendTime: number, given = {}) => {
  const [a, b] = [sendID, recvID].sort()
  return conversation(`si_${a}_${b}`).append([
    appendItem({ sendID, recvID, sendTime, skipSender: false, clientMsgID: `m${next++}`, ...given }),
  ])
}
const sayInGroup = (sendID: string, groupID: string, sendTime: number) =>
  conversation(`sg_${groupID}`).append([
    appendItem({ sendID, recvID: '', groupID, sessionType: 3, sendTime, clientMsgID: `m${next++}` }),
  ])

beforeAll(async () => {
  await register('alice', 'bob', 'carol')
  await seedGroup('chess', ['alice', 'bob', 'carol'])
  await say('alice', 'bob', noon(0))
  await say('alice', 'bob', noon(1))
  await say('bob', 'alice', noon(1))
  await say('alice', 'carol', noon(2))
  await say('alice', 'carol', noon(9))
  await sayInGroup('carol', 'chess', noon(1))
  await sayInGroup('carol', 'chess', noon(2))
  await sayInGroup('carol', 'chess', noon(3))
  const ids = ['si_alice_bob', 'si_alice_carol', 'sg_chess']
  for (const id of ids) await runDurableObjectAlarm(bindings.CONVERSATION.getByName(id))
  await until(async () => {
    const { results } = await bindings.DB.prepare('SELECT * FROM conversation_directory').all()
    return results.length >= ids.length
  })
})

describe('active users', () => {
  it('are ranked by the messages they sent to other users, most active first', async () => {
    const { errCode, data } = await ask('user/active', {})
    expect(errCode).toBe(0)
    expect(data).toEqual({
      msgCount: 4,
      userCount: 2,
      dateCount: { '2024-02-28': 1, '2024-02-29': 2, '2024-03-01': 1 },
      users: [
        { user: expect.objectContaining({ userID: 'alice', nickname: 'nick of alice' }), count: 3 },
        { user: expect.objectContaining({ userID: 'bob' }), count: 1 },
      ],
    })
  })

  it('are also ranked with group messages, ascending and in pages', async () => {
    const pages = [1, 2].map((pageNumber) =>
      ask('user/active', { group: true, ase: true, pagination: { pageNumber, showNumber: 2 } }),
    )
    const [first, second] = await Promise.all(pages)
    const shown = [first, second].map((reply) =>
      reply?.data.users.map((item: { user: { userID: string }; count: number }) => [item.user.userID, item.count]),
    )
    expect(shown).toEqual([
      [
        ['bob', 1],
        ['alice', 3],
      ],
      [['carol', 3]],
    ])
    expect(first?.data).toMatchObject({ msgCount: 7, userCount: 3 })
  })

  it('are counted from the start (inclusive) to the end (exclusive)', async () => {
    const at = async (start: number, end: number) => (await ask('user/active', { start, end })).data.msgCount
    expect(await at(noon(0), noon(1))).toBe(1)
    expect(await at(noon(0) + 1, noon(1))).toBe(0)
    expect(await at(noon(0), noon(1) + 1)).toBe(3)
    expect(await at(noon(0), noon(30))).toBe(5)
    expect(await at(noon(5), noon(5))).toBe(0)
  })

  it('are shown by their userID when they are no longer registered', async () => {
    await register('ghost')
    await say('ghost', 'bob', noon(20))
    // The alarm adds the conversation to the directory.
    await runDurableObjectAlarm(bindings.CONVERSATION.getByName('si_bob_ghost'))
    await until(async () => (await ask('user/active', { start: noon(20), end: noon(21) })).data.users.length === 1)
    await bindings.DB.exec("DELETE FROM user WHERE user_id = 'ghost'")
    const { data } = await ask('user/active', { start: noon(20), end: noon(21) })
    expect(data.users).toEqual([{ user: expect.objectContaining({ userID: 'ghost', nickname: 'ghost' }), count: 1 }])
  })

  it('are counted in several calls when one call is not enough', async () => {
    const ctx: CallerContext = {
      ...createContext(bindings, 'parts'),
      caller: { userID: 'imAdmin', platformID: 10, isAdmin: true },
    }
    const limits = { maxParallel: 1, messagesPerStep: 1, maxSteps: 1, maxScanned: 1 }
    let [messages, parts, continuation] = [0, 0, '']
    do {
      const req = ActiveUserReq.parse({ ...FIVE_DAYS, group: true, pagination: ALL, continuation })
      const part = await activeUsers(ctx, req, limits)
      messages += part.msgCount
      parts++
      continuation = part.continuation ?? ''
    } while (continuation !== '')
    expect(messages).toBe(7)
    expect(parts).toBeGreaterThan(5)
  })

  it.each([
    ['no start', { start: 0 }, /^start: /],
    ['no end', { end: 0 }, /^end: /],
    ['a start after the end', { start: noon(3), end: noon(2) }, /^start: it must not be after end/],
    ['no pagination', { pagination: null }, /^pagination: /],
    ['a page of a million', { pagination: { pageNumber: 1, showNumber: 1_000_000 } }, /^pagination\.showNumber: /],
    ['an invented continuation', { continuation: 'abc' }, /^continuation: /],
  ])('are refused with %s', async (_what, fields, sentence) => {
    for (const path of ['user/active', 'group/active']) {
      expect(await ask(path, fields)).toMatchObject({ errCode: 1001, errDlt: expect.stringMatching(sentence) })
    }
  })
})

describe('active groups', () => {
  it('are ranked by the messages sent to them', async () => {
    expect((await ask('group/active', {})).data).toEqual({
      msgCount: 3,
      groupCount: 1,
      dateCount: { '2024-02-29': 1, '2024-03-01': 1, '2024-03-02': 1 },
      groups: [{ group: expect.objectContaining({ groupID: 'chess', groupName: 'Friends' }), count: 3 }],
    })
  })

  it('are an empty list for a time without messages', async () => {
    expect((await ask('group/active', { start: 1, end: 2 })).data).toEqual({
      ...{ msgCount: 0, groupCount: 0, dateCount: {}, groups: [] },
    })
  })
})

describe('countMessages', () => {
  it('stops at the start of the time range', async () => {
    const recent = { from: Date.now() - 2 * DAY_MS, to: Date.now() + DAY_MS }
    const id = 'si_alice_bob'
    await say('alice', 'bob', 0)
    const { maxSeq } = (await conversation(id).state('alice', { chat: 0, notification: 0 })).chat
    const step = await conversation(id).countMessages(recent, Number.MAX_SAFE_INTEGER, 1)
    expect(step).toMatchObject({ senders: { alice: 1 }, scanned: 1, below: maxSeq })
    const future = { from: Date.now() + 2 * DAY_MS, to: Date.now() + 3 * DAY_MS }
    expect(await conversation(id).countMessages(future, Number.MAX_SAFE_INTEGER, 1)).toMatchObject({ below: 0 })
  })
})

describe('registrations and created groups', () => {
  it('are counted per day, with the total and the count before the time range', async () => {
    const users = [-1, 0, 0, 1].map((day, i) => ({
      userID: `old${i}`,
      nickname: 'Old',
      createTime: MARCH_2024 + day * DAY_MS,
    }))
    await post('/user/user_register', { users }, await adminToken())
    const bob = await userToken('bob')
    const window = { start: MARCH_2024, end: MARCH_2024 + DAY_MS }
    const { data } = await ask('user/register', window)
    expect(data).toMatchObject({ before: 1, count: { '2024-03-01': 2 } })
    const all = await bindings.DB.prepare('SELECT count(*) AS n FROM user').first<{ n: number }>()
    expect(data.total).toBe(all?.n)
    expect((await ask('group/create', { start: 1, end: 2 })).data).toEqual({
      ...{ total: 1, before: 0, count: { '1970-01-01': 1 } },
    })
    for (const path of ['user/register', 'user/active', 'group/create', 'group/active']) {
      expect((await post(`/statistics/${path}`, window, bob)).errCode).toBe(1002)
    }
  })

  it.each(['user/register', 'group/create'])('are refused without a valid time range: %s', async (path) => {
    expect((await ask(path, { start: -1 })).errCode).toBe(1001)
    expect((await ask(path, { start: 2, end: 1 })).errCode).toBe(1001)
  })
})
