import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, post, register, userToken } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }

let alice: string

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await userToken('alice')
})

const call = async (verb: string, fields: object, token?: string) =>
  post(`/user/${verb}_user_client_config`, fields, token ?? (await adminToken()))
const configsOf = async (userID: string) => (await call('get', { userID })).data.configs

describe('client configuration', () => {
  it('is empty at first', async () => {
    expect((await call('get', { userID: 'alice' }, alice)).data).toEqual({ configs: {} })
    expect((await call('get', {}, alice)).data).toEqual({ configs: {} })
  })

  it("overrides the settings for all users with the user's own", async () => {
    expect(await call('set', { configs: { theme: 'light', size: '1' } })).toEqual(OK)
    expect(await call('set', { userID: 'alice', configs: { theme: 'dark', beta: 'yes' } })).toEqual(OK)
    expect((await call('get', { userID: 'alice' }, alice)).data.configs).toEqual({
      theme: 'dark',
      size: '1',
      beta: 'yes',
    })
    expect((await call('get', { userID: '' }, alice)).data.configs).toEqual({ theme: 'light', size: '1' })
    expect(await configsOf('bob')).toEqual({ theme: 'light', size: '1' })
  })

  it('keeps keys that a later call does not contain', async () => {
    await call('set', { userID: 'bob', configs: { a: '1', b: '2' } })
    await call('set', { userID: 'bob', configs: { b: '', c: '3' } })
    expect(await configsOf('bob')).toMatchObject({ a: '1', b: '', c: '3' })
    expect((await call('set', { userID: 'bob' })).errCode).toBe(1001)
    expect(await configsOf('bob')).toMatchObject({ a: '1', b: '', c: '3' })
  })

  it('deletes keys of one owner only', async () => {
    await call('set', { userID: 'alice', configs: { gone: '1', stays: '1' } })
    await call('set', { configs: { gone: '0' } })
    expect(await call('del', { userID: 'alice', keys: ['gone', 'never there'] })).toEqual(OK)
    expect(await configsOf('alice')).toMatchObject({ gone: '0', stays: '1' })
    await call('del', { userID: 'alice', keys: ['stays'] })
    await call('del', { keys: ['gone'] })
    expect(await configsOf('alice')).not.toHaveProperty('gone')
    expect(await configsOf('alice')).not.toHaveProperty('stays')
  })

  it('accepts at most 1,000 keys in one call', async () => {
    await register('collector')
    const configs = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`key ${i}`, `${i}`]))
    expect((await call('set', { userID: 'collector', configs })).errCode).toBe(0)
    expect(Object.keys(await configsOf('collector')).filter((key) => key.startsWith('key '))).toHaveLength(1_000)
    expect((await call('set', { userID: 'collector', configs: { ...configs, more: '' } })).errCode).toBe(1001)
    expect((await call('del', { userID: 'collector', keys: Object.keys(configs) })).errCode).toBe(0)
    expect(Object.keys(await configsOf('collector')).filter((key) => key.startsWith('key '))).toEqual([])
  })

  it('is listed in pages, by owner or key', async () => {
    await register('listed')
    await call('set', { userID: 'listed', configs: { x1: 'a', x2: 'b', x3: 'c' } })
    const page = async (fields: object) =>
      (await call('page', { pagination: { pageNumber: 1, showNumber: 10 }, ...fields })).data
    expect(await page({ userID: 'listed', pagination: { pageNumber: 2, showNumber: 2 } })).toEqual({
      total: 3,
      configs: [{ key: 'x3', userID: 'listed', value: 'c' }],
    })
    expect(await page({ key: 'x2' })).toEqual({ total: 1, configs: [{ key: 'x2', userID: 'listed', value: 'b' }] })
    expect(await page({ userID: 'listed', key: 'theme' })).toEqual({ total: 0, configs: [] })
    expect((await page({})).total).toBeGreaterThan(3)
    expect((await call('page', { userID: 'listed' })).errCode).toBe(1001)
  })

  it("shows a user's settings only to the user and app administrators", async () => {
    expect((await call('get', { userID: 'bob' }, alice)).errCode).toBe(1002)
    expect((await call('get', { userID: 'bob' })).errCode).toBe(0)
  })

  it('refuses users who are not registered with error 1004, except to delete keys', async () => {
    expect((await call('get', { userID: 'nobody' })).errCode).toBe(1004)
    expect((await call('set', { userID: 'nobody', configs: { a: '1' } })).errCode).toBe(1004)
    expect((await call('del', { userID: 'nobody', keys: ['a'] })).errCode).toBe(0)
  })

  it.each([
    ['an empty key', { '': 'x' }],
    ['a key of a thousand letters', { ['k'.repeat(1_000)]: 'x' }],
    ['a value that is a number', { a: 1 }],
    ['a value of ten thousand letters', { a: 'x'.repeat(10_000) }],
    ['a list', ['a']],
  ])('refuses %s with error 1001', async (_what, configs) => {
    const reply = await call('set', { configs })
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt).toMatch(/^configs/)
  })

  it('accepts keys that are property names of JavaScript objects', async () => {
    await call('set', '{"userID":"alice","configs":{"constructor":"c","toString":"t"}}' as unknown as object)
    expect(await configsOf('alice')).toMatchObject({ constructor: 'c', toString: 't' })
  })
})
