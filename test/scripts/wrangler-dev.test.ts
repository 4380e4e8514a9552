import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { findFreePort } from '../../scripts/local/port.ts'
import { DEVELOPMENT_SECRET, ROOT } from '../../scripts/local/settings.ts'
import { processesWith, runProgram } from './run-program.ts'

/** A copy of the tracked files, as after `git clone` and `npm ci`. */
let clone: string
beforeAll(() => {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  // In the project's own file system, because hard links do not cross file systems.
  clone = mkdtempSync(join(ROOT, 'dist/clone-'))
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  for (const file of tracked.toString().split('\0')) {
    if (!/^(src|scripts|migrations)\/|^[^/]+$/.test(file)) continue
    mkdirSync(dirname(join(clone, file)), { recursive: true })
    cpSync(join(ROOT, file), join(clone, file))
  }
  // Links to the files and not to the folder: wrangler finds the clone's own scripts from where its files are.
  execFileSync('cp', ['-al', join(ROOT, 'node_modules'), clone])
})
afterAll(() => rmSync(clone, { recursive: true }))

describe('npx wrangler dev in a fresh clone', () => {
  it('serves like npm start: with the development secret, all tables and queues', async () => {
    const port = await findFreePort()
    const url = `http://127.0.0.1:${port}`
    const env = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', CI: '1' }
    const dev = runProgram('npx', ['wrangler', 'dev', '--port', String(port), '--ip', '127.0.0.1'], env, clone)
    onTestFinished(endWrangler)
    await dev.prints('Ready on')
    const call = callerOf(url)
    const { token } = await call('/auth/get_admin_token', { secret: DEVELOPMENT_SECRET, userID: 'imAdmin' })
    const users = ['alice', 'bob'].map((userID) => ({ userID, nickname: userID, faceURL: '' }))
    await call('/user/user_register', { users }, token)
    const text = { contentType: 101, sessionType: 1, content: { content: 'hello' } }
    const sent = await call('/msg/send_msg', { sendID: 'alice', recvID: 'bob', ...text }, token)
    expect(sent.serverMsgID).toMatch(/./)
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true })

    const second = runProgram(process.execPath, ['scripts/serve.ts'], { PORT: '0' }, clone)
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain('in use by another server')
    endWrangler()
    await dev.ended
    await expect.poll(() => processesWith(clone)).toEqual([])
    expect(dev.output()).not.toContain('ERROR')
  })
})

/** Ends wrangler itself, as Ctrl+C in a terminal does. npx passes no signal on. */
function endWrangler(): void {
  const file = join(clone, '.wrangler/state/server.json')
  if (existsSync(file)) process.kill(JSON.parse(readFileSync(file, 'utf8')).pid, 'SIGINT')
}

function callerOf(url: string) {
  return async (path: string, body: object, token = ''): Promise<Record<string, string>> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { operationID: 'test', token },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as { errCode: number; data: Record<string, string> }
    expect(answer).toMatchObject({ errCode: 0 })
    return answer.data
  }
}
