import { afterAll, describe, expect, it } from 'vitest'
import { AppServer } from './rig/app-server.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'
import { jsonOf, Vendors } from './rig/vendors.ts'

const SECRET = 'what only the two servers know'
const BUSY = { status: 503, body: {} }

const app = await AppServer.start(SECRET)
const vendors = await Vendors.start({ '/gateway': () => ({ status: 200, body: {} }) })
const scene = useScene({
  server: {
    env: {
      OPENIM_PUSH: JSON.stringify({ enable: 'http', http: { url: `${vendors.url}/gateway` } }),
      OPENIM_PUSH_HTTP_SECRET: 'a secret of the gateway',
      OPENIM_WEBHOOK_SECRET: SECRET,
      OPENIM_WEBHOOK_RETRY_SECONDS: '0',
      OPENIM_WEBHOOKS: JSON.stringify({
        url: app.url,
        beforeSendSingleMsg: { enable: true, failedContinue: true },
        afterMsgSaveDB: { enable: true },
        beforeOfflinePush: { enable: true, failedContinue: true },
      }),
    },
  },
})
afterAll(async () => {
  await app.stop()
  await vendors.stop()
})

const lines = (operationID: string): { message: string }[] =>
  scene.server.logs
    .split('\n')
    .filter((line) => line.includes(`"operationID":"${operationID}"`))
    .map((line) => JSON.parse(line))

describe('the operationID of a call', () => {
  it('passes through objects and queues to the webhooks, and is on every log line', async () => {
    const [alice, bob] = await scene.users('alice', 'bob')
    const token = await scene.rest.adminToken()
    const device = { userID: bob, platformID: PLATFORM.android, provider: 'http', token: `phone-of-${bob}` }
    expect(await scene.rest.post('/third/update_push_token', device, { token })).toMatchObject({ errCode: 0 })

    // Each webhook and the push gateway fail once, so that each of them causes a log line.
    const failing = new Set<string>()
    app.answer = ({ command }, response) => {
      if (failing.has(command)) return { actionCode: 0, nextCode: 0, errCode: 0, errMsg: '', errDlt: '' }
      failing.add(command)
      response.writeHead(500).end()
      return undefined
    }
    vendors.once(({ path }) => path === '/gateway', BUSY)

    const operationID = `op-of-${alice}`
    const message = { sendID: alice, recvID: bob, sessionType: 1, contentType: 101, content: { content: 'hello' } }
    expect(await scene.rest.post('/msg/send_msg', message, { token, operationID })).toMatchObject({ errCode: 0 })

    const pushes = () => vendors.to('/gateway', bob)
    await expect.poll(() => pushes().length, { timeout: 20_000 }).toBe(2)
    expect(jsonOf(pushes()[1]).targets[0].token).toBe(device.token)
    const commands = ['callbackAfterMsgSaveDBCommand', 'callbackBeforeOfflinePushCommand']
    for (const command of ['callbackBeforeSendSingleMsgCommand', ...commands]) {
      await expect.poll(() => app.called(command).length, { message: command, timeout: 20_000 }).toBeGreaterThan(0)
      expect(new Set(app.called(command).map((call) => call.operationID))).toEqual(new Set([operationID]))
    }
    const messages = ['before-webhook failed', 'webhook delivery failed', 'offline push failed']
    await expect.poll(() => lines(operationID).map((line) => line.message)).toEqual(expect.arrayContaining(messages))
    expect(lines(operationID).map((line) => line.message)).toContain('job failed')
    expect(scene.server.logs).not.toContain(device.token)
    expect(scene.server.logs).not.toContain(token)
  })
})
