import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEVELOPMENT_SECRET, ROOT, readSettings } from '../../scripts/local/settings.ts'
import { type Program, processesWith, runProgram } from './run-program.ts'

let stateDir: string
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'openim-edge-scripts-'))
})
afterEach(async () => {
  await expect.poll(() => processesWith(stateDir)).toEqual([])
  rmSync(stateDir, { recursive: true })
})

const npm = (script: string, env = {}) => runProgram('npm', ['run', script], { PORT: '0', STATE_DIR: stateDir, ...env })
const node = (script: string, env = {}) =>
  runProgram(process.execPath, [script], { PORT: '0', STATE_DIR: stateDir, ...env })

const end = 'Ctrl+C stops the server.'

describe('a local server', () => {
  it('shares one state between npm start and npm run serve, and exits with 0 on a signal', async () => {
    const start = npm('start')
    await start.prints(end)
    await call(await adminTokenOf(start), '/user/user_register', { users: [{ userID: 'alice', nickname: 'Alice' }] })
    process.kill(start.pid, 'SIGTERM')
    expect(await start.ended).toBe(0)
    await expect.poll(() => processesWith(stateDir)).toEqual([])

    const serve = npm('serve')
    await serve.prints(end)
    const { data } = await call(await adminTokenOf(serve), '/user/get_users_info', { userIDs: ['alice'] })
    expect(data).toMatchObject({ usersInfo: [{ nickname: 'Alice' }] })
    process.kill(serve.pid, 'SIGINT')
    expect(await serve.ended).toBe(0)
  })

  it('ends its runtime when it is killed, so that the next server can use the port at once', async () => {
    const first = node('scripts/serve.ts')
    await first.prints(end)
    const { pid, port, workerdPid } = serverFile()
    expect(pid).toBe(first.pid)
    process.kill(pid, 'SIGKILL')
    expect(await first.ended).toBe('SIGKILL')
    await expect.poll(() => processesWith(stateDir)).toEqual([])

    const second = node('scripts/serve.ts', { PORT: String(port) })
    await second.prints(`ready http://127.0.0.1:${port}`)
    await expect.poll(() => serverFile().workerdPid).not.toBe(workerdPid)
    process.kill(second.pid, 'SIGTERM')
    expect(await second.ended).toBe(0)
  })

  it('restarts a crashed runtime on the same port', async () => {
    const server = node('scripts/serve.ts')
    await server.prints(end)
    const { url, workerdPid } = serverFile()
    process.kill(workerdPid, 'SIGKILL')
    await expect.poll(() => serverFile().workerdPid).not.toBe(workerdPid)
    await expect
      .poll(() =>
        fetch(url).then(
          (response) => response.status > 0,
          () => false,
        ),
      )
      .toBe(true)
    process.kill(server.pid, 'SIGTERM')
    expect(await server.ended).toBe(0)
  })

  it('refuses to start on the state folder of another server, and names that server', async () => {
    const first = node('scripts/serve.ts')
    await first.prints(end)
    const second = node('scripts/start.ts')
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(`in use by another server (process ${first.pid}, ${serverFile().url})`)
    process.kill(first.pid, 'SIGTERM')
    expect(await first.ended).toBe(0)
  })

  it.each([
    ['the id of a running process', () => ({ pid: process.pid })],
    [
      'the address of another program',
      (port: number) => ({ pid: 1, workerdPid: 1, port, url: `http://127.0.0.1:${port}` }),
    ],
    ['half a line', () => '{"pid":'],
  ])('starts on a folder whose server was killed and left %s', async (_, left) => {
    const other = createServer()
    const port = await listen(other)
    const content = left(port)
    writeFileSync(join(stateDir, 'server.json'), typeof content === 'string' ? content : JSON.stringify(content))
    const server = node('scripts/serve.ts')
    await server.prints(end)
    expect(serverFile().pid).toBe(server.pid)
    process.kill(server.pid, 'SIGTERM')
    expect(await server.ended).toBe(0)
    other.close()
  })

  it('starts after a server that was killed at any moment of its start', async () => {
    for (const delayMs of [0, 200, 500, 900]) {
      const first = node('scripts/serve.ts')
      await Promise.race([first.prints(end), setTimeout(delayMs)])
      process.kill(first.pid, 'SIGKILL')
      await first.ended
    }
    const second = node('scripts/serve.ts')
    await second.prints(end)
    process.kill(second.pid, 'SIGTERM')
    expect(await second.ended).toBe(0)
  })

  it('lets only one of two servers start when both start on one folder at once', async () => {
    const servers = [node('scripts/serve.ts'), node('scripts/serve.ts')]
    const refused = await Promise.race(servers.map(({ ended }, i) => ended.then((code) => ({ i, code }))))
    expect(refused.code).toBe(1)
    const kept = servers[1 - refused.i] as Program
    expect(servers[refused.i]?.output()).toContain(`in use by another server (process ${kept.pid}`)
    await kept.prints(end)
    process.kill(kept.pid, 'SIGTERM')
    expect(await kept.ended).toBe(0)
  })

  it.each(['scripts/start.ts', 'scripts/serve.ts'])('refuses to start %s on a port that is in use', async (script) => {
    const other = createServer()
    const port = await listen(other)
    const program = node(script, { PORT: String(port) })
    expect(await program.ended).toBe(1)
    expect(program.output().trim()).toBe(
      `Port ${port} is in use by another program. Stop that program, or choose another port with PORT=${port + 1}.`,
    )
    other.close()
  })

  it('refuses a PORT that is not a port number', () => {
    expect(() => readSettings({ DEV_VARS: '', PORT: 'http' })).toThrow('PORT must be a number from 0 to 65535')
    expect(() => readSettings({ DEV_VARS: '', PORT: '65536' })).toThrow('PORT must be a number from 0 to 65535')
  })

  it('gives the Worker every OPENIM_ variable, and the development secret as the default', () => {
    const { vars } = readSettings({ DEV_VARS: '', OPENIM_LOG_LEVEL: 'debug', HOME: '/root' })
    expect(vars).toEqual({ OPENIM_LOG_LEVEL: 'debug', OPENIM_LOCAL: '1', OPENIM_SECRET: DEVELOPMENT_SECRET })
    const config = readFileSync(join(ROOT, 'src/config/index.ts'), 'utf8')
    expect(config).toContain(`DEFAULT_SECRET = '${DEVELOPMENT_SECRET}'`)
  })

  it('takes settings from .dev.vars, and prefers variables of the shell', () => {
    const file = join(stateDir, 'dev.vars')
    writeFileSync(
      file,
      `PORT=9999\nOPENIM_LOG_LEVEL=warn\nOPENIM_FRIEND_VERIFY=1\nOPENIM_WEBHOOKS='{"url":"http://x"}'\n`,
    )
    const settings = readSettings({ DEV_VARS: file, OPENIM_LOG_LEVEL: 'debug' })
    expect(settings.port).toBe(9999)
    expect(settings.vars).toMatchObject({
      OPENIM_LOG_LEVEL: 'debug',
      OPENIM_FRIEND_VERIFY: '1',
      OPENIM_WEBHOOKS: '{"url":"http://x"}',
    })
  })

  it('does not print a secret that the user has set', async () => {
    const server = node('scripts/serve.ts', { OPENIM_SECRET: 'a secret of our own' })
    expect(await server.prints(end)).not.toContain('a secret of our own')
    expect(server.output()).toContain('$OPENIM_SECRET')
    process.kill(server.pid, 'SIGTERM')
    expect(await server.ended).toBe(0)
  })
})

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

function serverFile(): { pid: number; workerdPid: number; port: number; url: string } {
  return JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8'))
}

/** Runs the command that the server prints for getting an admin token. */
async function adminTokenOf(server: Program): Promise<string> {
  const command = /^ {2}(curl .*)$/m.exec(server.output())?.[1] ?? ''
  const pasted = runProgram('sh', ['-c', command])
  expect(await pasted.ended, `${command}\n${pasted.output()}`).toBe(0)
  return JSON.parse(pasted.output()).data.token
}

async function call(token: string, path: string, body: unknown): Promise<{ errCode: number; data?: unknown }> {
  const response = await fetch(`${serverFile().url}${path}`, {
    method: 'POST',
    headers: { operationID: 'test', token },
    body: JSON.stringify(body),
  })
  const answer = (await response.json()) as { errCode: number; data?: unknown }
  expect(answer).toMatchObject({ errCode: 0 })
  return answer
}
