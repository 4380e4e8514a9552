import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { AppServer, GO_ON } from './rig/app-server.ts'
import { rest } from './rig/rest.ts'
import { type Server, startServer } from './rig/server.ts'

const SECRET = 'what only the two servers know'
const REGISTERED = 'callbackAfterUserRegisterCommand'

const app = await AppServer.start(SECRET)
const env = {
  OPENIM_WEBHOOK_SECRET: SECRET,
  OPENIM_WEBHOOK_RETRY_SECONDS: '1',
  OPENIM_WEBHOOKS: JSON.stringify({ url: `${app.url}/hooks`, afterUserRegister: { enable: true, timeout: 3 } }),
}

let server: Server
afterEach(async () => {
  app.answer = () => GO_ON
  await server.remove()
})
afterAll(() => app.stop())

const events = (userID: string) =>
  app.called(REGISTERED).filter(({ body }) => body.users.some((user: { userID: string }) => user.userID === userID))

async function register(userID: string): Promise<void> {
  const api = rest(server)
  const reply = await api.post(
    '/user/user_register',
    { users: [{ userID, nickname: userID }] },
    { token: await api.adminToken() },
  )
  expect(reply).toMatchObject({ errCode: 0 })
}

describe.each(['serve', 'start'] as const)('the queues of npm run %s', (mode) => {
  it('retries a job of a killed server after the next start, until it succeeds', async () => {
    server = await startServer({ mode, env })
    const userID = `${mode}Refused`
    app.answer = (_, response) => void response.writeHead(503).end()
    await register(userID)
    await expect.poll(() => events(userID).length).toBeGreaterThanOrEqual(2)
    await server.kill9()
    app.answer = () => GO_ON
    const before = events(userID).length
    await server.start()
    await expect.poll(() => events(userID).length).toBeGreaterThan(before)
    const attempts = new Set(events(userID).map(({ eventID }) => eventID))
    expect(attempts.size).toBe(1)
  })

  it('runs a job that was accepted just before the server was killed', async () => {
    server = await startServer({ mode, env })
    const userID = `${mode}AtOnce`
    await register(userID)
    await server.kill9()
    await server.start()
    await expect.poll(() => events(userID).length).toBeGreaterThanOrEqual(1)
  })

  it('repeats a job whose delivery was in flight when the server was killed', async () => {
    server = await startServer({ mode, env })
    const userID = `${mode}InFlight`
    // The app server never answers.
    app.answer = () => undefined
    await register(userID)
    await expect.poll(() => events(userID).length).toBe(1)
    await server.kill9()
    app.answer = () => GO_ON
    await server.start()
    await expect.poll(() => events(userID).length).toBeGreaterThanOrEqual(2)
  })
})
