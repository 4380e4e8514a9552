import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
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

it('npm start and npm run serve keep one state, and end with 0 when npm is told to', async () => {
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

it('a server that is killed takes its runtime with it, and the next one starts on the same port at once', async () => {
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

it('a runtime that crashes comes back on the same port', async () => {
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

it('a second server on the same state is refused and told of the first', async () => {
  const first = node('scripts/serve.ts')
  await first.prints(end)
  const second = node('scripts/start.ts')
  expect(await second.ended).toBe(1)
  expect(second.output()).toContain(`in use by another server (process ${first.pid}, ${serverFile().url})`)
  process.kill(first.pid, 'SIGTERM')
  expect(await first.ended).toBe(0)
})

it.each(['scripts/start.ts', 'scripts/serve.ts'])('%s says so when the port is taken', async (script) => {
  const other = createServer()
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
  })
  const program = node(script, { PORT: String(port) })
  expect(await program.ended).toBe(1)
  expect(program.output().trim()).toBe(
    `Port ${port} is taken: something already listens there. Stop it, or choose another port with PORT=${port + 1}.`,
  )
  other.close()
})

it('a port that is no port is refused', () => {
  expect(() => readSettings({ PORT: 'http' })).toThrow('PORT must be a number from 0 to 65535')
  expect(() => readSettings({ PORT: '65536' })).toThrow('PORT must be a number from 0 to 65535')
})

it('the Worker gets every OPENIM_ variable, and a secret only this machine is trusted with', () => {
  const { vars } = readSettings({ OPENIM_LOG_LEVEL: 'debug', HOME: '/root' })
  expect(vars).toEqual({ OPENIM_LOG_LEVEL: 'debug', OPENIM_LOCAL: '1', OPENIM_SECRET: DEVELOPMENT_SECRET })
  const config = readFileSync(join(ROOT, 'src/config/index.ts'), 'utf8')
  expect(config).toContain(`DEFAULT_SECRET = '${DEVELOPMENT_SECRET}'`)
})

it('a secret of your own is never printed', async () => {
  const server = node('scripts/serve.ts', { OPENIM_SECRET: 'nobody else has this' })
  expect(await server.prints(end)).not.toContain('nobody else has this')
  expect(server.output()).toContain('$OPENIM_SECRET')
  process.kill(server.pid, 'SIGTERM')
  expect(await server.ended).toBe(0)
})

function serverFile(): { pid: number; workerdPid: number; port: number; url: string } {
  return JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8'))
}

/** Pastes the command the banner offers, as its reader would. */
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
