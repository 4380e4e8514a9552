import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { AppServer, type Call, GO_ON } from './rig/app-server.ts'
import { ADMIN_USER_ID, rest } from './rig/rest.ts'
import { type Server, startServer } from './rig/server.ts'

const SECRET = 'what only the two servers know'
const REGISTERED = 'callbackAfterUserRegisterCommand'
const SENT = 'callbackAfterSendSingleMsgCommand'

const app = await AppServer.start(SECRET)
const env = {
  OPENIM_WEBHOOK_SECRET: SECRET,
  OPENIM_WEBHOOK_RETRY_SECONDS: '1',
  OPENIM_WEBHOOKS: JSON.stringify({
    url: `${app.url}/hooks`,
    afterUserRegister: { enable: true, timeout: 30 },
    afterSendSingleMsg: { enable: true, timeout: 30 },
  }),
}

let server: Server
afterEach(() => server.remove())
afterAll(() => app.stop())

const registrations = (userID: string): Call[] =>
  app.called(REGISTERED).filter(({ body }) => body.users.some((user: { userID: string }) => user.userID === userID))
const messages = (userID: string): Call[] => app.called(SENT).filter(({ body }) => body.recvID === userID)

async function sendTo(recvID: string): Promise<void> {
  const api = rest(server)
  const message = { sendID: ADMIN_USER_ID, recvID, contentType: 101, sessionType: 1, content: { content: 'hello' } }
  const reply = await api.post('/msg/send_msg', message, { token: await api.adminToken() })
  expect(reply).toMatchObject({ errCode: 0 })
}

/** Makes the crons due, as if their time had passed while the server was stopped. */
function missCrons(): void {
  const [file = ''] = globSync(join(server.stateDir, 'v3/queues/local-CronObject/*[0-9a-f].sqlite'))
  using database = new DatabaseSync(file)
  database.prepare('UPDATE crons SET next = ?').run(Date.now() - 3_600_000)
}

describe.each(['serve', 'start'] as const)('a server of npm run %s that is killed', (mode) => {
  it('runs every accepted job after its next start, and the cron whose time it missed', async () => {
    server = await startServer({ mode, env })
    const [refused, unanswered, atOnce] = [`${mode}Refused`, `${mode}Unanswered`, `${mode}AtOnce`]
    app.answer = (_, response) => void response.writeHead(503).end()
    await rest(server).register(refused)
    await sendTo(refused)
    await expect.poll(() => registrations(refused).length).toBeGreaterThanOrEqual(2)
    await expect.poll(() => messages(refused).length).toBeGreaterThanOrEqual(1)

    app.answer = () => undefined
    await rest(server).register(unanswered)
    await expect.poll(() => registrations(unanswered).length).toBe(1)
    await rest(server).register(atOnce)
    await server.kill9()
    missCrons()
    const calls = app.calls.length
    app.answer = () => GO_ON
    await server.start()

    const events = () => ({
      registrations: [refused, unanswered, atOnce].map((userID) => registrations(userID).at(-1)),
      message: messages(refused).at(-1),
    })
    const arrived = (call: Call | undefined) => call !== undefined && app.calls.indexOf(call) >= calls
    await expect.poll(() => events().registrations.map(arrived)).toEqual([true, true, true])
    await expect.poll(() => arrived(events().message)).toBe(true)
    // A delivery that is repeated keeps its id.
    for (const userID of [refused, unanswered]) {
      expect(new Set(registrations(userID).map(({ eventID }) => eventID)).size).toBe(1)
    }
    await expect.poll(() => server.logs).toContain('cleaning started')
  })
})
