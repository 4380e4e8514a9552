import { type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'
import { readOverrides } from '../src/config/overrides.ts'
import type { Bindings } from '../src/env.ts'
import { forgetAdminToken } from './rigs/rig.ts'

const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: D1Migration[] }

/** Each test file starts with empty objects and an empty D1, because most files share one workerd process. */
beforeAll(async () => {
  // Work that an earlier file left running may write again during a reset, so the reset is repeated.
  do await reset()
  while (await hasTables())
  forgetAdminToken()
  await DB.batch(TEST_MIGRATIONS.flatMap(({ queries }) => queries.map((query) => DB.prepare(query))))
  // The isolate may still have the settings that an earlier file changed.
  await readOverrides(env as unknown as Bindings)
})

async function hasTables(): Promise<boolean> {
  const row = await DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'user'").first<{ n: number }>()
  return row?.n !== 0
}
