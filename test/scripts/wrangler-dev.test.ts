import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findFreePort } from '../../scripts/local/port.ts'
import { DEVELOPMENT_SECRET } from '../../scripts/local/settings.ts'
import { processesWith, runProgram } from './run-program.ts'

let stateDir: string
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'openim-edge-dev-'))
})
afterEach(async () => {
  await expect.poll(() => processesWith(stateDir)).toEqual([])
  rmSync(stateDir, { recursive: true })
})

describe('npx wrangler dev', () => {
  it('serves like npm start, with the development secret and with all tables', async () => {
    const port = await findFreePort()
    const args = ['wrangler', 'dev', '--port', String(port), '--ip', '127.0.0.1', '--persist-to', stateDir]
    const env = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', MARK: stateDir, CI: '1' }
    const dev = runProgram('npx', args, env)
    await dev.prints('Ready on')
    const url = `http://127.0.0.1:${port}`
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ ready: true })
    const answer = await fetch(`${url}/auth/get_admin_token`, {
      method: 'POST',
      headers: { operationID: 'test' },
      body: JSON.stringify({ secret: DEVELOPMENT_SECRET, userID: 'imAdmin' }),
    })
    expect(await answer.json()).toMatchObject({ errCode: 0 })

    const second = runProgram(process.execPath, ['scripts/serve.ts'], { STATE_DIR: stateDir, PORT: '0' })
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain('in use by another server')
    process.kill(dev.pid, 'SIGINT')
    await dev.ended
  })
})
