import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeQueues, startFakeQueues } from './fake-queues.ts'
import { type Program, runProgram } from './run-program.ts'

const stateDir = mkdtempSync(join(tmpdir(), 'openim-edge-im-'))
let server: Program
let url: string
let admin: string

const im = async (args: string[], env: Record<string, string> = {}) => {
  const program = runProgram(process.execPath, ['scripts/im.ts', ...args], env)
  return { code: await program.ended, output: program.output() }
}
const here = (...args: string[]) => im([...args, '--url', url])

async function call(path: string, body: object): Promise<{ errCode: number; data: Record<string, unknown> }> {
  const headers = { operationID: 'test', token: admin }
  return (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json() as never
}

/** The app server, which answers after-webhooks about registrations while `isUp`. */
const app = { isUp: false, registered: [] as string[] }
const appServer = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  if (app.isUp) app.registered.push(JSON.parse(body).users[0].userID)
  response.writeHead(app.isUp ? 200 : 500).end('{"errCode":0,"actionCode":0}')
})

beforeAll(async () => {
  await new Promise<void>((resolve) => appServer.listen(0, '127.0.0.1', resolve))
  const { port } = appServer.address() as AddressInfo
  const webhooks = { url: `http://127.0.0.1:${port}`, afterUserRegister: { enable: true } }
  server = runProgram(process.execPath, ['scripts/serve.ts'], {
    ...{ PORT: '0', STATE_DIR: stateDir },
    ...{ OPENIM_WEBHOOKS: JSON.stringify(webhooks), OPENIM_WEBHOOK_RETRY_SECONDS: '0' },
  })
  const printed = await server.prints('ready http')
  url = /ready (http:\/\/\S+)/.exec(printed)?.[1] ?? ''
  admin = (await here('token')).output.trim()
  const users = ['alice', 'bob'].map((userID) => ({ userID, nickname: userID }))
  expect(await call('/user/user_register', { users })).toMatchObject({ errCode: 0 })
})

afterAll(async () => {
  process.kill(server.pid, 'SIGTERM')
  await server.ended
  rmSync(stateDir, { recursive: true, force: true })
  appServer.close()
})

describe('npm run im', () => {
  it('lists its commands, and shows the help of each', async () => {
    const listed = await im(['--help'])
    expect(listed.code).toBe(0)
    for (const name of [
      'token',
      'send',
      'seqs show',
      'seqs set',
      'check',
      'redrive',
      'webhooks dead',
      'webhooks replay',
    ]) {
      expect(listed.output).toContain(name)
      const help = await im([...name.split(' '), '--help'])
      expect(help).toMatchObject({ code: 0, output: expect.stringContaining(`npm run im -- ${name} [options]`) })
    }
  })

  it('exits with 2 and the help when the command line is not valid', async () => {
    expect(await im(['fly'])).toMatchObject({ code: 2, output: expect.stringContaining('There is no command "fly"') })
    expect(await im(['token', '--fly'])).toMatchObject({ code: 2, output: expect.stringContaining("'--fly'") })
    expect(await im(['token', '--url', 'im.example.com'])).toMatchObject({ code: 2 })
    expect(await here('send', '--from', 'alice', '--text', 'hi')).toMatchObject({
      ...{ code: 2, output: expect.stringContaining('either --to or --group') },
    })
    expect(await here('seqs', 'set', '--user', 'a', '--conversation', 'c', '--min', '-1')).toMatchObject({ code: 2 })
  })

  it('exits with 1 and the reason when the service refuses or cannot be reached', async () => {
    expect(await here('token', '--secret', 'wrong')).toMatchObject({
      ...{ code: 1, output: expect.stringContaining('/auth/get_admin_token answers 1002') },
    })
    expect(await im(['token', '--url', 'http://127.0.0.1:9'])).toMatchObject({
      ...{ code: 1, output: expect.stringContaining('http://127.0.0.1:9 cannot be reached') },
    })
  })
})

describe('im token', () => {
  it('prints a valid token of the administrator or of a user', async () => {
    expect(await call('/auth/parse_token', { token: admin })).toMatchObject({ data: { userID: 'imAdmin' } })
    const made = await here('token', '--user', 'bob', '--platform', '2')
    expect(await call('/auth/parse_token', { token: made.output.trim() })).toMatchObject({
      data: { userID: 'bob', platformID: 2 },
    })
  })

  it('reads the secret from OPENIM_SECRET', async () => {
    expect((await im(['token', '--url', url], { OPENIM_SECRET: 'wrong' })).code).toBe(1)
    expect((await im(['token', '--url', url], { OPENIM_SECRET: 'openIM123' })).code).toBe(0)
  })
})

describe('im send and im seqs', () => {
  it('sends messages, shows a user’s seqs, and sets the given seqs', async () => {
    for (const words of ['one', 'two', 'three']) {
      const sent = await here('send', '--from', 'alice', '--to', 'bob', '--text', words)
      expect(sent).toMatchObject({ code: 0, output: expect.stringMatching(/^sent \S+ at \d{4}-/) })
    }
    const custom = ['--content', '{"data":"d","description":"","extension":""}', '--type', '110']
    expect((await here('send', '--from', 'alice', '--to', 'bob', ...custom)).code).toBe(0)

    const shown = async () => (await here('seqs', 'show', '--user', 'bob')).output
    await expect.poll(shown).toMatch(/si_alice_bob +0 +4 +0 +4 +\d{4}-/)
    const set = await here(
      'seqs',
      'set',
      '--user',
      'bob',
      '--conversation',
      'si_alice_bob',
      '--min',
      '2',
      '--read',
      '3',
    )
    expect(set.output).toMatch(/si_alice_bob +2 +4 +3 +1 /)
    const { data } = await call('/msg/pull_msg_by_seq', {
      userID: 'bob',
      seqRanges: [{ conversationID: 'si_alice_bob', begin: 1, end: 4, num: 10 }],
    })
    expect(JSON.stringify(data).match(/"seq":\d/g)).toEqual(['"seq":2', '"seq":3', '"seq":4'])

    const back = await here('seqs', 'set', '--user', 'bob', '--conversation', 'si_alice_bob', '--min', '1')
    expect(back.output).toMatch(/si_alice_bob +2 /)
    const bounded = await here('seqs', 'set', '--user', 'bob', '--conversation', 'si_alice_bob', '--max', '3')
    expect(bounded.output).toMatch(/si_alice_bob +2 +3 +3 +0 /)
    const lifted = await here('seqs', 'set', '--user', 'bob', '--conversation', 'si_alice_bob', '--max', '0')
    expect(lifted.output).toMatch(/si_alice_bob +2 +4 +3 +1 /)
    const beyond = await here('seqs', 'set', '--user', 'bob', '--conversation', 'si_alice_bob', '--min', '9')
    expect(beyond).toMatchObject({ code: 1, output: expect.stringContaining('ends with seq 4') })
    const unknown = await here('seqs', 'show', '--user', 'bob', '--conversation', 'si_bob_nobody')
    expect(unknown).toMatchObject({ code: 1, output: expect.stringContaining('does not have this conversation') })
  })
})

describe('im check', () => {
  it('reports no problem for a healthy service', async () => {
    const checked = await here('check')
    expect(checked).toMatchObject({ code: 0, output: expect.stringContaining(`${url} is in order.`) })
    for (const subject of ['settings', 'database', 'files', 'secret', 'clock', 'device connections']) {
      expect(checked.output).toMatch(new RegExp(`^ok    ${subject}`, 'm'))
    }
  })

  it('reports a wrong secret, and an address without this service', async () => {
    const wrongSecret = await here('check', '--secret', 'wrong')
    expect(wrongSecret).toMatchObject({ code: 1, output: expect.stringContaining('WRONG secret and administrator') })
    const other = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const elsewhere = await im(['check', '--url', `http://127.0.0.1:${port}`])
    expect(elsewhere).toMatchObject({ code: 1, output: expect.stringContaining('no answer of this service') })
    other.close()
  })

  it('compares a deployment with wrangler.toml when an API token is given', async () => {
    const cloudflare = await startFakeQueues()
    const checked = await im(['check', '--url', url], cloudflare.env)
    expect(checked.code).toBe(1)
    expect(checked.output).toMatch(/^ok {4}binding DB$/m)
    for (const missing of ['FILES', 'IMAGES', 'RATE_LIMIT_IP']) {
      expect(checked.output).toMatch(new RegExp(`^WRONG binding ${missing}: the deployment does not have it$`, 'm'))
    }
    expect(checked.output).toMatch(/^WRONG queue openim-edge-webhook: it does not exist$/m)
    expect(checked.output).toMatch(/^WRONG queue openim-edge-transfer: it has no consumer$/m)
    cloudflare.close()
  })
})

describe('im webhooks', () => {
  const letters = /^ +(\d+) +afterUserRegister +\d{4}-\S+ +\S+ +http:/m

  it('shows dead webhooks, and delivers them when the app server works again', async () => {
    await expect.poll(async () => (await here('webhooks', 'dead')).output, { timeout: 60_000 }).toMatch(letters)
    expect((await here('webhooks', 'dead', '--webhook', 'afterMsgSaveDB')).output.trim()).toBe('0 dead webhooks.')
    const [, id = ''] = letters.exec((await here('webhooks', 'dead')).output) ?? []

    app.isUp = true
    expect(await here('webhooks', 'replay', '--id', id)).toMatchObject({
      ...{ code: 0, output: expect.stringContaining('1 webhooks are queued again.') },
    })
    await expect.poll(() => app.registered, { timeout: 20_000 }).toEqual(['alice'])
    expect((await here('webhooks', 'replay', '--all')).output).toContain('There are no dead webhooks.')
  })

  it('needs either the IDs of dead webhooks or --all', async () => {
    expect((await here('webhooks', 'replay')).code).toBe(2)
    expect((await here('webhooks', 'replay', '--all', '--id', '1')).code).toBe(2)
    expect((await here('webhooks', 'replay', '--id', '1,x')).code).toBe(2)
    expect(await here('webhooks', 'replay', '--id', '999')).toMatchObject({
      ...{ code: 1, output: expect.stringContaining('there is no dead letter 999') },
    })
    expect((await here('webhooks', 'dead', '--webhook', 'beforeLunch')).code).toBe(1)
  })
})

describe('im redrive', () => {
  let cloudflare: FakeQueues

  beforeAll(async () => {
    cloudflare = await startFakeQueues()
  })
  afterAll(() => cloudflare.close())

  const redrive = (...args: string[]) => im(['redrive', ...args], cloudflare.env)

  it('moves every message unchanged from the dead-letter queue to its queue, and keeps their consumers', async () => {
    const jobs = Array.from({ length: 250 }, (_, i) => ({ kind: 'push', number: i, text: 'grüße' }))
    cloudflare.fill('openim-edge-push-dead', jobs)
    const moved = await redrive('--queue', 'openim-edge-push-dead')
    expect(moved).toMatchObject({ code: 0, output: expect.stringContaining('Moved 250 messages from') })
    expect(cloudflare.bodies('openim-edge-push')).toEqual(jobs)
    expect(cloudflare.bodies('openim-edge-push-dead')).toEqual([])
    expect(cloudflare.consumers('openim-edge-push-dead')).toEqual([])
    expect((await redrive('--queue', 'openim-edge-push-dead')).output).toContain('is empty')
  })

  it('moves at most the given number of messages', async () => {
    cloudflare.fill('openim-edge-push-dead', [{ a: 1 }, { a: 2 }, { a: 3 }])
    expect((await redrive('--queue', 'openim-edge-push-dead', '--limit', '2')).output).toContain('2 messages')
    expect(cloudflare.bodies('openim-edge-push-dead')).toEqual([{ a: 3 }])
  })

  it('loses no message when the target queue refuses the message', async () => {
    cloudflare.fill('openim-edge-transfer-dead', [{ b: 1 }])
    cloudflare.refuse('openim-edge-transfer')
    const refused = await redrive('--queue', 'openim-edge-transfer-dead')
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('queue is full (10250)') })
    expect(cloudflare.bodies('openim-edge-transfer-dead')).toEqual([{ b: 1 }])
    expect(cloudflare.consumers('openim-edge-transfer-dead')).toEqual([])
  })

  it('refuses queues from which it cannot move messages, and names the reason', async () => {
    expect(await redrive('--queue', 'openim-edge-push')).toMatchObject({ code: 2 })
    expect(await redrive('--queue', 'other-dead')).toMatchObject({
      ...{ code: 1, output: expect.stringContaining('This account has no queue other') },
    })
    expect(await redrive('--queue', 'taken-dead')).toMatchObject({
      ...{ code: 1, output: expect.stringContaining('taken-dead is consumed by the Worker openim-edge') },
    })
    expect(await im(['redrive', '--queue', 'openim-edge-push-dead'])).toMatchObject({
      ...{ code: 1, output: expect.stringContaining('CLOUDFLARE_ACCOUNT_ID') },
    })
  })
})
