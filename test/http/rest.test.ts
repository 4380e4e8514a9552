import { beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from '../../src/http/endpoints.ts'
import { requestTo } from '../features/file/rig.ts'
import { adminToken, post, register, request, userToken } from '../rigs/rig.ts'

const HUGE = 'x'.repeat(2_000_000)

let alice: string

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await userToken('alice')
})

const paths = endpoints.map((endpoint) => endpoint.path)
const guarded = endpoints.filter((endpoint) => endpoint.access !== 'public').map((endpoint) => endpoint.path)
/** Calls without request fields: no field can have the wrong type. */
const withoutFields = [
  ...['/msg/get_server_time', '/msg/check_msg_is_send_success', '/object/part_limit'],
  ...['/config/get_config_list', '/config/get_enable_config_manager', '/restart'],
  '/third/get_push_config',
]
const withFields = paths.filter((path) => !withoutFields.includes(path))
const forAdmins = endpoints.filter((endpoint) => endpoint.access === 'admin').map((endpoint) => endpoint.path)

describe('the router', () => {
  it.each(paths)('serves %s under /api and without /api', async (path) => {
    expect((await post(`/api${path}`, '', alice)).errCode).not.toBe(1004)
  })

  it.each(paths)('refuses %s without an operationID', async (path) => {
    const response = await request(path, { method: 'POST', body: '{}', headers: { token: alice } })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      errCode: 1001,
      errMsg: 'ArgsError',
      errDlt: 'the header `operationID` is missing',
    })
  })

  it.each(paths)('refuses %s with an empty, broken, wrongly typed or huge body', async (path) => {
    const token = await adminToken()
    for (const body of ['', '{', '[]', '"text"', 'null', `{"userID":"${HUGE}"}`]) {
      const reply = await post(path, body, token)
      expect(reply).toMatchObject({ errCode: 1001, errMsg: 'ArgsError' })
      expect(reply.errDlt).toMatch(/^the body /)
      expect(reply).not.toHaveProperty('data')
    }
  })

  it.each(guarded)('refuses %s with a missing, malformed or foreign token', async (path) => {
    expect((await post(path, {})).errCode).toBe(1001)
    expect((await post(path, {}, 'garbage')).errCode).toBe(1503)
    const [head, payload] = alice.split('.')
    expect((await post(path, {}, `${head}.${payload}.${'A'.repeat(43)}`)).errCode).toBe(1505)
  })

  it.each(forAdmins)('refuses %s for users who are not administrators', async (path) => {
    expect((await post(path, {}, alice)).errCode).toBe(1002)
  })

  it.each(withFields)('refuses %s with fields of the wrong type, and names the field', async (path) => {
    const token = path.startsWith('/auth') || forAdmins.includes(path) ? await adminToken() : alice
    const wrong = Object.fromEntries(
      [
        ...['userID', 'userIDs', 'users', 'checkUserIDs', 'userInfo', 'secret', 'token', 'platformID', 'pagination'],
        ...['ownerUserID', 'fromUserID', 'groupIDs', 'friendUserIDs', 'conversationID', 'conversationIDs', 'count'],
        ...['versionID', 'version', 'idHash', 'sendID', 'sendUserID', 'name', 'size', 'email'],
        ...['start', 'logIDs', 'configName', 'configs', 'enable'],
      ].map((name) => [name, { not: ['what', 'is', 'meant'] }]),
    )
    const reply = await post(path, wrong, token)
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt).toMatch(/^[a-zA-Z0-9.]+: /)
  })
})

describe('the REST API', () => {
  it('answers a preflight for the headers of every SDK', async () => {
    const response = await request('/user/get_users_info', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,operationid,token,reqfuncname',
      },
    })
    expect(response.ok).toBe(true)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    for (const header of ['content-type', 'operationid', 'token', 'reqfuncname']) {
      expect(response.headers.get('access-control-allow-headers')?.toLowerCase()).toContain(header)
    }
  })

  it('lets pages of other origins read errors', async () => {
    const response = await request('/user/get_users_info', {
      method: 'POST',
      headers: { origin: 'https://app.example' },
    })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('answers an unknown path with HTTP 404, and with the error of the caller in the body', async () => {
    expect((await post('/no/such_call', {})).errCode).toBe(1001)
    expect((await post('/no/such_call', {}, alice)).errCode).toBe(1004)
    for (const token of [alice, 'garbage', undefined]) {
      for (const path of ['/no/such_call', '/api/no/such_call', '/healthz', '/docs', '/object/alice/x']) {
        const headers = { operationID: 'unknown-path', ...(token && { token }) }
        const response = await request(path, { method: 'POST', headers, body: '{}' })
        expect([path, token, response.status]).toEqual([path, token, 404])
        expect((await response.json<{ errCode: number }>()).errCode).toBe(
          { [alice]: 1004, garbage: 1503 }[token ?? ''] ?? 1001,
        )
      }
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      expect([method, (await request('/no/such_page', { method })).status]).toEqual([method, 404])
    }
  })

  it('reads keys in any case, ignores unknown keys and reads null as the zero value', async () => {
    const reply = await post('/user/get_users_info', { USERIDS: ['alice'], more: 1 }, alice)
    expect(reply.data.usersInfo).toHaveLength(1)
    const page = await post(
      '/friend/get_friend_list',
      { userID: 'alice', pagination: { pageNumber: 1, showNumber: null } },
      alice,
    )
    expect(page).toMatchObject({ errCode: 0, data: { total: 0, friendsInfo: [] } })
  })

  describe('for unknown fields', () => {
    /** The status, the errCode, the sentence and the header that names unknown fields. */
    async function answer(path: string, body: object, settings: object = {}) {
      const headers = { operationID: 'unknown-fields', token: await adminToken() }
      const response = await requestTo(settings, path, { method: 'POST', headers, body: JSON.stringify(body) })
      const { errCode, errDlt } = await response.json<{ errCode: number; errDlt: string }>()
      const named = response.headers.get('x-openim-unknown-fields')
      if (named) expect(response.headers.get('access-control-expose-headers')).toBe('x-openim-unknown-fields')
      return [errCode, errDlt, named]
    }

    const UNKNOWN: [string, object, string][] = [
      ['/user/get_users_info', { userIDs: ['alice'], more: 1 }, 'more'],
      ['/user/update_user_info_ex', { userInfo: { userID: 'alice', nick: 'A', ex: 'e' }, a: true }, 'a, userInfo.nick'],
      [
        '/group/set_group_member_info',
        {
          members: [
            { groupID: 'g', userID: 'a' },
            { groupID: 'g', userID: 'b', nick: 'x' },
            { nick: 'y', groupID: 'g', userID: 'c' },
          ],
        },
        'members.1.nick',
      ],
      ['/user/get_users_info', { userIDs: [], 'ü,\n': 1 }, '%C3%BC%2C%0A'],
      ['/user/get_users_info', { userIDs: [], USERIDS: ['bob'] }, 'USERIDS'],
    ]

    it.each(UNKNOWN)('names them in a header of %s', async (path, body, named) => {
      const [errCode, , header] = await answer(path, body)
      expect([path, errCode === 0 || errCode === 1004 || errCode === 1002, header]).toEqual([path, true, named])
    })

    it.each(UNKNOWN)('refuses %s with OPENIM_STRICT_FIELDS, and names the fields', async (path, body) => {
      const [errCode, errDlt, header] = await answer(path, body, { OPENIM_STRICT_FIELDS: '1' })
      expect([errCode, header]).toEqual([1001, null])
      expect(errDlt).toMatch(/^\S.*: this call has no such field$/s)
    })

    it.each([
      ['/user/get_users_info', { userIDs: ['alice'], operationID: 'op', a: null, b: '', c: 0, d: false, e: [], f: {} }],
      ['/user/get_users_info', { userids: ['alice'] }],
      ['/user/set_user_client_config', { userID: 'alice', configs: { any: 'key' } }],
      ['/config/get_config_list', {}],
      // As OpenIM's wasm SDK sends it.
      [
        '/conversation/set_conversations',
        {
          userIDs: ['alice'],
          conversation: {
            ...{ conversationID: 'si_alice_bob', conversationType: 1, userID: 'bob', groupID: '', recvMsgOpt: null },
            ...{ isPinned: true, attachedInfo: null, isPrivateChat: null, ex: null, minSeq: null, maxSeq: 7 },
          },
        },
      ],
    ])('accepts fields without a value and the fields that OpenIM’s clients send: %s', async (path, body) => {
      expect(await answer(path, body, { OPENIM_STRICT_FIELDS: '1' })).toEqual([0, '', null])
    })

    it('names at most 20 of them', async () => {
      const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, 1]))
      const [errCode, , header] = await answer('/user/get_users_info', { userIDs: [], ...many })
      expect([errCode, String(header).split(', ').length]).toEqual([0, 20])
    })
  })

  it.each([
    ['\\ud800', false],
    ['a\\uDC00b', false],
    ['\\ude00\\ud83d', false],
    ['a\\u0000b', false],
    ['\\ud83d\\ude00', true],
    ['\\\\u0000', true],
    ['\\u0001\\u202e \\u200b ', true],
  ])('reads the text "%s" back equal, or refuses it with the name of the field', async (text, isStored) => {
    const token = await adminToken()
    const reply = await post('/user/update_user_info_ex', `{"userInfo":{"userID":"alice","ex":"${text}"}}`, token)
    if (!isStored) {
      const errDlt = 'userInfo.ex: a text has no lone surrogates and no NUL characters'
      expect(reply).toMatchObject({ errCode: 1001, errDlt })
      return
    }
    expect(reply.errCode).toBe(0)
    const { usersInfo } = (await post('/user/get_users_info', { userIDs: ['alice'] }, token)).data
    expect(usersInfo[0].ex).toBe(JSON.parse(`"${text}"`))
  })

  it('answers the health probes', async () => {
    expect(await (await request('/healthz')).json()).toEqual({ ok: true })
    expect(await (await request('/readyz')).json()).toEqual({
      ready: true,
      parts: { database: 'ok', files: 'ok', objects: 'ok', queues: 'ok' },
    })
  })
})
