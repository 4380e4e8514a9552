import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { runProgram } from './run-program.ts'

/** The files in which wrangler stores traces, if X_LOCAL_OBSERVABILITY is `true`. */
const TRACES = 'v3/observability/miniflare-wobs-trace-store/[0-9a-f]*.sqlite'

describe('a trace', () => {
  it('has the operationID of its call, or of its cleaning and the jobs of the cleaning', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'openim-edge-traces-'))
    const server = runProgram(process.execPath, ['scripts/start.ts'], {
      ...{ PORT: '0', STATE_DIR: stateDir, X_LOCAL_OBSERVABILITY: 'true' },
    })
    try {
      const [, url] = /ready (http:\S+)/.exec(await server.prints('Ctrl+C stops the server.')) ?? []
      const body = JSON.stringify({ secret: 'openIM123', userID: 'imAdmin' })
      await fetch(`${url}/auth/get_admin_token`, { method: 'POST', headers: { operationID: 'op-of-a-call' }, body })
      await fetch(`${url}/cdn-cgi/handler/scheduled?cron=0+2+*+*+*`)
      await expect.poll(() => spansWith(stateDir, 'op-of-a-call')).toContain('POST')
      await expect.poll(() => spansWith(stateDir, 'cron_')).toContain('job clean')
      await expect.poll(() => spansWith(stateDir, 'cron_')).toContain('scheduled')
    } finally {
      process.kill(server.pid, 'SIGTERM')
      await server.ended
      rmSync(stateDir, { recursive: true })
    }
  })
})

/** Names of the spans whose operationID begins with the given text. */
function spansWith(stateDir: string, operationID: string): string[] {
  return globSync(TRACES, { cwd: stateDir }).flatMap((file) => {
    const database = new DatabaseSync(join(stateDir, file), { readOnly: true })
    try {
      const spans = database.prepare('SELECT name, CAST(attributes AS TEXT) AS attributes FROM spans').all()
      return spans
        .filter(({ attributes }) => new RegExp(`operationID[^a-z]*.?${operationID}`).test(String(attributes)))
        .map(({ name }) => String(name))
    } finally {
      database.close()
    }
  })
}
