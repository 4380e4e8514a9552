import { sql } from 'drizzle-orm'
import type { Bindings } from '../env.ts'
import { configOf } from '../platform/config.ts'
import { openDatabase } from '../platform/d1.ts'
import { checkPushKeys, PushKeysError } from '../push/check-keys.ts'
import { Credentials } from '../push/credentials.ts'

/** What a deployment stands on; each is asked for real. */
const PROBES: Record<string, (env: Bindings) => Promise<unknown>> = {
  database: (env) => openDatabase(env.DB).run(sql`SELECT count(*) FROM user WHERE user_id = ''`),
  files: (env) => env.FILES.head('readiness-probe'),
}

/** What only some deployments stand on. */
function probesOf(env: Bindings): typeof PROBES {
  const { push } = configOf(env)
  if (!push) return PROBES
  return { ...PROBES, push: () => checkPushKeys(push, new Credentials(openDatabase(env.DB), () => Date.now())) }
}

/** Whether the service can do its work: `ready`, and per part `ok` or the reason why not. */
export async function readiness(env: Bindings): Promise<{ ready: boolean; parts: Record<string, string> }> {
  const parts = await Promise.all(
    Object.entries(probesOf(env)).map(async ([name, probe]) => {
      const state = await probe(env).then(
        () => 'ok',
        (error: unknown) => (error instanceof PushKeysError ? error.message : 'not available'),
      )
      return [name, state] as const
    }),
  )
  return { ready: parts.every(([, state]) => state === 'ok'), parts: Object.fromEntries(parts) }
}
