import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { adminToken, bindings, post, register, userToken } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }

let next = 0
let alice: string
let token: string

beforeAll(() => register('mallory'))

beforeEach(async () => {
  alice = `alice_${next++}`
  await register(alice)
  token = await userToken(alice)
})

const call = (verb: string, fields: object, as = token) =>
  post(`/user/process_user_command_${verb}`, { userID: alice, ...fields }, as)
const all = async () => (await call('get_all', {})).data.CommandResp

describe('the stored commands of a user', () => {
  it('are stored with value, ex and the time in seconds', async () => {
    const before = Math.floor(Date.now() / 1000)
    expect(await call('add', { type: 7, uuid: 'a', value: 'v', ex: 'e' })).toEqual(OK)
    const [command] = await all()
    expect(command).toEqual({ type: 7, createTime: expect.any(Number), uuid: 'a', value: 'v', ex: 'e' })
    expect(command.createTime).toBeGreaterThanOrEqual(before)
    expect(command.createTime).toBeLessThanOrEqual(Date.now() / 1000)
  })

  it('may lack value and ex', async () => {
    await call('add', { type: 1, uuid: 'a' })
    expect(await all()).toMatchObject([{ uuid: 'a', value: '', ex: '' }])
  })

  it('are distinguished by type and uuid, and are read by type or all together', async () => {
    await call('add', { type: 1, uuid: 'a', value: 'first' })
    await call('add', { type: 2, uuid: 'a', value: 'second' })
    await call('add', { type: 2, uuid: 'b', value: 'third' })
    expect((await all()).map((command: { value: string }) => command.value)).toEqual(['first', 'second', 'third'])
    expect((await call('get', { type: 2 })).data.CommandResp).toMatchObject([{ value: 'second' }, { value: 'third' }])
    expect((await call('get', { type: 3 })).data).toEqual({ CommandResp: [] })
  })

  it('are replaced when a command with the same type and uuid is added', async () => {
    await call('add', { type: 1, uuid: 'a', value: 'old', ex: 'old' })
    await call('add', { type: 1, uuid: 'a', value: 'new' })
    expect(await all()).toMatchObject([{ uuid: 'a', value: 'new', ex: '' }])
  })

  it('are changed in the given fields: null keeps a field, and "" clears a field', async () => {
    await call('add', { type: 1, uuid: 'a', value: 'v', ex: 'e' })
    const change = (fields: object) => call('update', { type: 1, uuid: 'a', ...fields })
    expect(await change({ value: 'w', ex: null })).toEqual(OK)
    expect(await all()).toMatchObject([{ value: 'w', ex: 'e' }])
    await change({ ex: '' })
    expect(await all()).toMatchObject([{ value: 'w', ex: '' }])
    expect((await change({})).errCode).toBe(0)
    expect(await all()).toMatchObject([{ value: 'w', ex: '' }])
  })

  it('are no longer found after they are deleted', async () => {
    await call('add', { type: 1, uuid: 'a' })
    await call('add', { type: 1, uuid: 'b' })
    expect(await call('delete', { type: 1, uuid: 'a' })).toEqual(OK)
    expect(await all()).toMatchObject([{ uuid: 'b' }])
  })

  it.each(['update', 'delete'])('are refused with error 1004 when they do not exist: %s', async (verb) => {
    await call('add', { type: 1, uuid: 'a' })
    for (const key of [
      { type: 2, uuid: 'a' },
      { type: 1, uuid: 'b' },
    ]) {
      expect((await call(verb, { ...key, value: 'x' })).errCode).toBe(1004)
      expect((await call(verb, key)).errCode).toBe(1004)
    }
  })

  it.each(['add', 'update', 'delete', 'get', 'get_all'])(
    'are refused to callers other than the owner and app administrators: %s',
    async (verb) => {
      await call('add', { type: 1, uuid: 'a' })
      const fields = { type: 1, uuid: 'a' }
      expect((await call(verb, fields, await userToken('mallory'))).errCode).toBe(1002)
      expect((await call(verb, fields, await adminToken())).errCode).toBe(0)
    },
  )

  it.each([
    ['no type', { uuid: 'a' }],
    ['type 0', { type: 0, uuid: 'a' }],
    ['a type that is a text', { type: '1', uuid: 'a' }],
    ['no uuid', { type: 1 }],
    ['an empty uuid', { type: 1, uuid: '' }],
    ['no userID', { userID: '', type: 1, uuid: 'a' }],
    ['a uuid of a thousand letters', { type: 1, uuid: 'x'.repeat(1_000) }],
  ])('are refused with error 1001 when the request has %s', async (_what, fields) => {
    for (const verb of ['add', 'update', 'delete']) expect((await call(verb, fields)).errCode).toBe(1001)
  })

  it('are refused with error 1001 when value or ex is too long or not a text', async () => {
    for (const fields of [{ value: 1 }, { ex: {} }, { value: 'x'.repeat(8_193) }, { ex: 'x'.repeat(8_193) }]) {
      const reply = await call('add', { type: 1, uuid: 'a', ...fields })
      expect(reply.errCode).toBe(1001)
      expect(reply.errDlt).toContain(Object.keys(fields)[0])
    }
    expect((await call('add', { type: 1, uuid: 'a', value: 'x'.repeat(8_192) })).errCode).toBe(0)
  })

  it('are limited to 1,000 per user', async () => {
    await bindings.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       INSERT INTO user_command (user_id, type, uuid, value, ex, create_time) SELECT ?, 1, 'u' || i, '', '', 0 FROM n`,
    )
      .bind(alice)
      .run()
    expect((await call('add', { type: 1, uuid: 'one too many' })).errCode).toBe(1001)
    expect((await call('add', { type: 1, uuid: 'u1', value: 'again' })).errCode).toBe(0)
    expect(await all()).toHaveLength(1_000)
  })
})
