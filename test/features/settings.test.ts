import { evictAllDurableObjects } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentOverrides, refreshOverrides } from '../../src/config/overrides.ts'
import { settingOverride } from '../../src/config/tables.ts'
import { openDatabase } from '../../src/platform/storage/d1.ts'
import { adminToken, bindings, Device, post, type ReplyBody, register, request, userToken } from '../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }

const call = async (path: string, fields: object = {}): Promise<ReplyBody> => post(path, fields, await adminToken())
const read = async (configName: string) => JSON.parse((await call('/config/get_config', { configName })).data)
const set = (configName: string, content: unknown) =>
  call('/config/set_config', { configName, data: typeof content === 'string' ? content : JSON.stringify(content) })

afterEach(async () => {
  await call('/config/set_enable_config_manager', { enable: true })
  await call('/config/reset_config')
})

describe('configuration files', () => {
  it('are listed, and each can be read as the text of a JSON object', async () => {
    const { data } = await call('/config/get_config_list')
    expect(data).toMatchObject({ environment: 'source', version: expect.stringMatching(/^3\.\d/) })
    expect(data.configNames).toContain('share.yml')
    for (const configName of data.configNames) expect(await read(configName)).toBeTypeOf('object')
    expect(await read('openim-rpc-auth.yml')).toEqual({ TokenPolicy: { Expire: 90 } })
  })

  it('do not contain secrets', async () => {
    const { data } = await call('/config/get_config_list')
    const texts = await Promise.all(
      data.configNames.map((configName: string) => call('/config/get_config', { configName })),
    )
    expect(JSON.stringify(texts)).not.toContain(bindings.OPENIM_SECRET)
    expect((await read('share.yml')).Secret).toBe('')
  })

  it('are refused when the name is unknown', async () => {
    for (const configName of ['mongodb.yml', 'toString', '../share.yml']) {
      expect(await call('/config/get_config', { configName })).toMatchObject({ errCode: 1001 })
      expect(await set(configName, {})).toMatchObject({ errCode: 1001 })
    }
  })

  it('are accepted with their current content, without creating an override', async () => {
    const { data } = await call('/config/get_config_list')
    for (const configName of data.configNames) expect(await set(configName, await read(configName))).toEqual(OK)
    expect(currentOverrides()).toEqual({})
  })
})

describe('a changed setting', () => {
  it('takes effect at once, in any case of its name, until it is reset', async () => {
    await register('tim')
    expect(await set('openim-rpc-auth.yml', { tokenpolicy: { EXPIRE: 3 } })).toEqual(OK)
    const days = async () => {
      const { data } = await call('/auth/get_user_token', { userID: 'tim', platformID: 5 })
      return data.expireTimeSeconds / 86_400
    }
    expect(await days()).toBe(3)
    expect(await read('openim-rpc-auth.yml')).toEqual({ TokenPolicy: { Expire: 3 } })
    expect(await call('/config/reset_config', { configName: 'log.yml' })).toEqual(OK)
    expect(await days()).toBe(3)
    expect(await call('/config/reset_config')).toEqual(OK)
    expect(await days()).toBe(90)
  })

  it('applies to conversations that are already loaded', async () => {
    await register('una', 'vic')
    const una = await Device.connect('una')
    await una.sendText('vic', 'hello')
    expect(await set('openim-rpc-msg.yml', { FriendVerify: true })).toEqual(OK)
    await expect(una.sendText('vic', 'let me in')).rejects.toThrow(/^1303/)
    expect(await set('openim-rpc-msg.yml', { FriendVerify: false })).toEqual(OK)
    await una.sendText('vic', 'thank you')
  })

  it('applies to objects that wake later', async () => {
    await register('wes', 'xia')
    expect(await set('openim-rpc-msg.yml', { FriendVerify: true })).toEqual(OK)
    await evictAllDurableObjects()
    const wes = await Device.connect('wes')
    await expect(wes.sendText('xia', 'hello')).rejects.toThrow(/^1303/)
  })

  it('keeps the fields that the call does not contain', async () => {
    await set('openim-crontask.yml', { RetainChatRecords: 30 })
    await set('openim-crontask.yml', { DeleteObjectType: ['sdklog'] })
    expect(await read('openim-crontask.yml')).toEqual({
      RetainChatRecords: 30,
      FileExpireTime: 180,
      DeleteObjectType: ['sdklog'],
    })
    expect(await set('openim-crontask.yml', { DeleteObjectType: [] })).toEqual(OK)
    expect((await read('openim-crontask.yml')).DeleteObjectType).toEqual([])
  })

  it('is stored with the time and the user who changed the setting', async () => {
    await set('log.yml', { RemainLogLevel: 3 })
    expect(await openDatabase(bindings.DB).select().from(settingOverride)).toContainEqual({
      name: 'OPENIM_LOG_LEVEL',
      value: 'warn',
      changedBy: 'imAdmin',
      changeTime: expect.any(Number),
    })
  })

  it.each([
    ['text that is not JSON', 'share.yml', '{', /JSON object/],
    ['a list', 'share.yml', '[]', /JSON object/],
    ['a misspelt field', 'openim-rpc-msg.yml', { freindVerify: true }, /freindVerify: there is no such field/],
    ['a wrong type', 'openim-rpc-msg.yml', { FriendVerify: 'yes' }, /FriendVerify: /],
    ['a value for a group of fields', 'share.yml', { MultiLogin: 4 }, /MultiLogin: there is no such field/],
    ['a value out of range', 'share.yml', { MultiLogin: { Policy: 3 } }, /MultiLogin.Policy: /],
    ['rules for an unknown platform', 'share.yml', { MultiLogin: { Rules: { Toaster: [] } } }, /Rules: /],
    ['a fraction of a day', 'openim-crontask.yml', { RetainChatRecords: 0.5 }, /RetainChatRecords: /],
    ['an invalid URL', 'openim-api.yml', { Prometheus: { GrafanaURL: 'javascript:alert(1)' } }, /GrafanaURL/],
    [
      'a secret',
      'share.yml',
      { Secret: 'a new secret that is long enough' },
      /Secret: only the deployment.s environment can change this field/,
    ],
    ['other administrators', 'share.yml', { IMAdminUser: { UserIDs: ['mallory'] } }, /UserIDs: only the deployment/],
  ])('is refused, and nothing changes, with %s', async (_what, configName, content, sentence) => {
    const before = currentOverrides()
    const reply = await set(configName, content)
    expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringMatching(sentence) })
    expect(reply.errDlt).toMatch(/^data: /)
    expect(currentOverrides()).toEqual(before)
  })

  it('is applied together with the other changes of the call, all or none', async () => {
    const log = { configName: 'log.yml', data: '{"RemainLogLevel":3}' }
    const bad = { configName: 'openim-rpc-auth.yml', data: '{"TokenPolicy":{"Expire":0}}' }
    const good = { configName: 'openim-rpc-auth.yml', data: '{"TokenPolicy":{"Expire":7}}' }
    expect((await call('/config/set_configs', { configs: [log, bad] })).errCode).toBe(1001)
    expect(currentOverrides()).toEqual({})
    expect(await call('/config/set_configs', { configs: [log, good] })).toEqual(OK)
    expect(currentOverrides()).toEqual({ OPENIM_LOG_LEVEL: 'warn', OPENIM_TOKEN_EXPIRE_DAYS: '7' })
  })

  it('has no effect while overrides are switched off', async () => {
    await set('openim-rpc-auth.yml', { TokenPolicy: { Expire: 3 } })
    expect((await call('/config/get_enable_config_manager')).data).toEqual({ enable: true })
    expect(await call('/config/set_enable_config_manager', { enable: false })).toEqual(OK)
    expect((await call('/config/get_enable_config_manager')).data).toEqual({ enable: false })
    expect(await read('openim-rpc-auth.yml')).toEqual({ TokenPolicy: { Expire: 90 } })
    expect((await set('log.yml', { RemainLogLevel: 3 })).errCode).toBe(1001)
    await call('/config/set_enable_config_manager', { enable: true })
    expect(await read('openim-rpc-auth.yml')).toEqual({ TokenPolicy: { Expire: 3 } })
  })

  it('reaches other isolates when their copies of the settings are 30 seconds old', async () => {
    await call('/restart')
    const row = { name: 'OPENIM_LOG_LEVEL', value: 'warn', changedBy: 'somebody elsewhere', changeTime: 1 }
    await openDatabase(bindings.DB).insert(settingOverride).values(row)
    const reading: Promise<void>[] = []
    const refresh = () => refreshOverrides(bindings, (work) => reading.push(work))
    refresh()
    expect(reading).toEqual([])
    vi.setSystemTime(Date.now() + 30_000)
    refresh()
    // A second refresh does not read again, and the old copy applies until the first has finished.
    refresh()
    expect(reading).toHaveLength(1)
    expect(currentOverrides()).toEqual({})
    await Promise.all(reading)
    expect(currentOverrides()).toEqual({ OPENIM_LOG_LEVEL: 'warn' })
    vi.useRealTimers()
  })

  it('keeps its value while the database is not available', async () => {
    await set('openim-rpc-auth.yml', { TokenPolicy: { Expire: 3 } })
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    await bindings.DB.prepare('ALTER TABLE setting_override RENAME TO unavailable').run()
    vi.setSystemTime(Date.now() + 30_000)
    const reading: Promise<void>[] = []
    refreshOverrides(bindings, (work) => reading.push(work))
    await Promise.all(reading)
    expect(reading).toHaveLength(1)
    expect(error.mock.calls.join()).toContain('reading run-time settings failed')
    expect(currentOverrides()).toEqual({ OPENIM_TOKEN_EXPIRE_DAYS: '3' })
    await bindings.DB.prepare('ALTER TABLE unavailable RENAME TO setting_override').run()
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('is ignored when this version of the service refuses the value', async () => {
    const row = { changedBy: 'imAdmin', changeTime: 1 }
    await openDatabase(bindings.DB)
      .insert(settingOverride)
      .values([
        { name: 'OPENIM_TOKEN_EXPIRE_DAYS', value: 'a while', ...row },
        { name: 'OPENIM_SECRET', value: 'somebody else chose this one', ...row },
      ])
    expect(await call('/restart')).toEqual(OK)
    expect(Object.keys(currentOverrides())).toHaveLength(2)
    expect(await read('openim-rpc-auth.yml')).toEqual({ TokenPolicy: { Expire: 90 } })
    expect((await post('/auth/get_admin_token', { secret: bindings.OPENIM_SECRET, userID: 'imAdmin' })).errCode).toBe(0)
  })
})

describe('a configuration call with an invalid body', () => {
  it('is answered with HTTP status 400', async () => {
    const headers = { operationID: 'test', token: await adminToken() }
    const response = await request('/config/set_config', { method: 'POST', headers, body: '{"configName":1}' })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errCode: 1001 })
  })
})

describe('configuration calls', () => {
  it('are refused to users', async () => {
    await register('yan')
    const token = await userToken('yan')
    expect((await post('/config/get_config', { configName: 'share.yml' }, token)).errCode).toBe(1002)
    expect((await post('/config/set_config', { configName: 'log.yml', data: '{}' }, token)).errCode).toBe(1002)
  })
})
