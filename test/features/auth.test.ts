import { createExecutionContext } from 'cloudflare:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import worker from '../../src/worker.ts'
import { adminToken, bindings, post, type ReplyBody, register, userToken } from '../rigs/rig.ts'

beforeAll(() => register('alice'))

describe('get_admin_token', () => {
  it('issues an administrator token for the secret, with its lifetime in seconds', async () => {
    const reply = await post('/auth/get_admin_token', { secret: 'openIM123', userID: 'imAdmin' })
    expect(reply).toMatchObject({ errCode: 0, data: { expireTimeSeconds: 90 * 86_400 } })
    expect(decodeProtectedHeader(reply.data.token)).toEqual({ alg: 'HS256', typ: 'JWT' })
    const { iat, exp, jti, ...who } = decodeJwt(reply.data.token)
    expect(who).toEqual({ UserID: 'imAdmin', PlatformID: 10 })
    expect((exp ?? 0) - (iat ?? 0)).toBe(90 * 86_400 + 5)
    expect(jti).toMatch(/^[0-9a-f]{32}$/)
  })

  it('issues distinct tokens within one second, which all stay in force for a while', async () => {
    const request = { secret: 'openIM123', userID: 'imAdmin' }
    const replies = await Promise.all(Array.from({ length: 5 }, () => post('/auth/get_admin_token', request)))
    const tokens = replies.map((reply) => reply.data.token)
    expect(new Set(tokens).size).toBe(5)
    for (const token of tokens) expect((await post('/auth/parse_token', { token })).errCode).toBe(0)
  })

  it('refuses a wrong secret, and a user who is not a configured administrator', async () => {
    expect((await post('/auth/get_admin_token', { secret: 'guess', userID: 'imAdmin' })).errCode).toBe(1002)
    expect((await post('/auth/get_admin_token', { userID: 'imAdmin' })).errCode).toBe(1002)
    expect((await post('/auth/get_admin_token', { secret: 'openIM123', userID: 'alice' })).errCode).toBe(1001)
  })

  it('registers the administrator', async () => {
    const reply = await post('/user/get_users_info', { userIDs: ['imAdmin'] }, await adminToken())
    expect(reply.data.usersInfo).toMatchObject([{ userID: 'imAdmin', nickname: 'superAdmin', appMangerLevel: 2 }])
  })
})

describe('get_user_token', () => {
  it.each([
    ['a platform that does not exist', { userID: 'alice', platformID: 12 }, 1001],
    ['the admin platform', { userID: 'alice', platformID: 10 }, 1002],
    ['an administrator', { userID: 'imAdmin', platformID: 5 }, 1002],
    ['a user who is not registered', { userID: 'nobody', platformID: 5 }, 1004],
  ])('refuses %s', async (_what, body, code) => {
    const reply = await post('/auth/get_user_token', body, await adminToken())
    expect(reply.errCode).toBe(code)
    expect(reply.errDlt).not.toBe('')
  })

  it('issues a distinct token for each login, and the second login of a platform ends the first at once', async () => {
    const [first, second] = [await userToken('alice'), await userToken('alice')]
    expect(second).not.toBe(first)
    expect((await post('/auth/parse_token', { token: first })).errCode).toBe(1506)
    expect((await post('/auth/parse_token', { token: second })).errCode).toBe(0)
  })

  it('refuses the app’s own accounts', async () => {
    const users = [{ userID: 'robot', nickname: 'Robot', appMangerLevel: 4 }]
    await post('/user/user_register', { users }, await adminToken())
    expect((await post('/auth/get_user_token', { userID: 'robot', platformID: 5 }, await adminToken())).errCode).toBe(
      1001,
    )
  })
})

describe('parse_token', () => {
  it('returns the user, the platform and the time of expiry', async () => {
    const token = await userToken('alice', 2)
    const reply = await post('/auth/parse_token', { token })
    expect(reply.data).toEqual({ userID: 'alice', platformID: 2, expireTimeSeconds: decodeJwt(token).exp })
  })

  it('refuses a malformed token with error 1503', async () => {
    expect((await post('/auth/parse_token', { token: 'a.b.c' })).errCode).toBe(1503)
  })
})

describe('force_logout', () => {
  it('ends the sessions on one platform and keeps the sessions on other platforms', async () => {
    const [phone, web] = [await userToken('alice', 2), await userToken('alice', 5)]
    await post('/auth/force_logout', { userID: 'alice', platformID: 2 }, await adminToken())
    expect((await post('/auth/parse_token', { token: phone })).errCode).toBe(1506)
    expect((await post('/auth/parse_token', { token: web })).errCode).toBe(0)
  })

  it('does not end a login of the same second that comes after it', async () => {
    const first = await userToken('alice')
    await post('/auth/force_logout', { userID: 'alice', platformID: 5 }, await adminToken())
    const second = await userToken('alice')
    expect((await post('/auth/parse_token', { token: first })).errCode).toBe(1506)
    expect((await post('/auth/parse_token', { token: second })).errCode).toBe(0)
  })

  it('refuses a platform that does not exist', async () => {
    expect((await post('/auth/force_logout', { userID: 'alice', platformID: 99 }, await adminToken())).errCode).toBe(
      1001,
    )
  })
})

describe('a rotation of the secret', () => {
  const before = { ...bindings, OPENIM_SECRET: 'the secret before the rotation' } as typeof bindings
  const during = {
    ...bindings,
    OPENIM_SECRET: 'the secret after the rotation',
    OPENIM_SECRET_PREVIOUS: 'the secret before the rotation',
  } as typeof bindings
  const after = { ...bindings, OPENIM_SECRET: 'the secret after the rotation' } as typeof bindings

  async function at(env: typeof bindings, path: string, body: object, token = ''): Promise<ReplyBody> {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { operationID: 'op', token } }
    return (await worker.fetch(new Request(`http://127.0.0.1${path}`, init), env, createExecutionContext())).json()
  }

  const adminTokenAt = async (env: typeof bindings, secret: string) =>
    at(env, '/auth/get_admin_token', { secret, userID: 'imAdmin' })

  it('keeps sessions and the app server working until the previous secret is removed', async () => {
    const old = (await adminTokenAt(before, before.OPENIM_SECRET)).data.token
    const alices = (await at(before, '/auth/get_user_token', { userID: 'alice', platformID: 1 }, old)).data.token
    for (const secret of [before.OPENIM_SECRET, after.OPENIM_SECRET]) {
      const reply = await adminTokenAt(during, secret)
      expect(reply.errCode).toBe(0)
      // The newer secret signs, whichever the app server gave.
      expect((await at(after, '/auth/parse_token', { token: reply.data.token })).errCode).toBe(0)
      expect((await at(before, '/auth/parse_token', { token: reply.data.token })).errCode).toBe(1505)
    }
    expect((await adminTokenAt(during, 'a guess')).errCode).toBe(1002)
    expect((await at(during, '/user/get_users_info', { userIDs: ['alice'] }, alices)).errCode).toBe(0)
    expect((await at(after, '/user/get_users_info', { userIDs: ['alice'] }, alices)).errCode).toBe(1505)
    expect((await adminTokenAt(after, before.OPENIM_SECRET)).errCode).toBe(1002)
  })

  it('refuses to serve with the published default as the previous secret', async () => {
    const weak = { ...after, OPENIM_LOCAL: '0', OPENIM_SECRET_PREVIOUS: 'openIM123' } as typeof bindings
    expect(await adminTokenAt(weak, 'openIM123')).toMatchObject({
      errCode: 500,
      errDlt: expect.stringContaining('OPENIM_SECRET_PREVIOUS'),
    })
  })
})
