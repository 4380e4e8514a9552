import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RawClient } from './rig/raw-client.ts'
import { ADMIN_USER_ID, LOCAL_SECRET, PLATFORM, rest } from './rig/rest.ts'
import { type Server, startServer } from './rig/server.ts'
import { forgedToken } from './rig/tokens.ts'

describe('a deployment with the published secret', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ env: { OPENIM_LOCAL: '0' } })
  })
  afterAll(() => server?.remove())

  it.each(['/auth/get_admin_token', '/auth/parse_token', '/user/get_users_info', '/no/such/call'])(
    'refuses POST %s and says why',
    async (path) => {
      const body = { secret: LOCAL_SECRET, userID: ADMIN_USER_ID, token: 'any' }
      expectRefusal(await rest(server).post(path, body))
    },
  )

  it.each(['/', '/healthz', '/readyz', '/object/picture'])('refuses GET %s and says why', async (path) => {
    const response = await fetch(server.url + path)
    expect(response.status).toBe(503)
    expectRefusal(await response.json())
  })

  it('refuses a connection with a validly signed token', async () => {
    const who = { userID: ADMIN_USER_ID, platformID: PLATFORM.web }
    const client = new RawClient({ server, ...who, token: await forgedToken(who) })
    const handshake = await client.handshake()
    expect(handshake.upgraded).toBe(false)
    expectRefusal(handshake)
  })

  function expectRefusal(answer: unknown): void {
    expect(answer).toMatchObject({
      errCode: 500,
      errMsg: expect.stringMatching(/^\w+$/),
      errDlt: expect.stringContaining('OPENIM_SECRET'),
    })
    expect(answer).not.toHaveProperty('data')
    // The error must not contain the secret.
    expect(JSON.stringify(answer)).not.toContain(LOCAL_SECRET)
  }
})

describe('a deployment with a secret of its own', () => {
  let server: Server
  const secret = 'a secret that nobody else has'
  beforeAll(async () => {
    server = await startServer({ env: { OPENIM_LOCAL: '0', OPENIM_SECRET: secret } })
  })
  afterAll(() => server?.remove())

  it('accepts its own secret and refuses the published one', async () => {
    const get = (tried: string) => rest(server).post('/auth/get_admin_token', { secret: tried, userID: ADMIN_USER_ID })
    expect(await get(secret)).toMatchObject({ errCode: 0 })
    expect(await get(LOCAL_SECRET)).toMatchObject({ errCode: 1002 })
  })

  it('does not print the secret', () => {
    expect(server.logs).not.toContain(secret)
  })
})
