import { type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'
import { forgetAdminToken } from './rigs/rig.ts'

const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: D1Migration[] }

/** Each test file starts with empty objects and an empty D1: files share an isolate, since starting one takes longest. */
beforeAll(async () => {
  // What an earlier file has left under way may hold it up.
  do await reset()
  while (await hasTables())
  forgetAdminToken()
  await DB.batch(TEST_MIGRATIONS.flatMap(({ queries }) => queries.map((query) => DB.prepare(query))))
})

async function hasTables(): Promise<boolean> {
  const row = await DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'user'").first<{ n: number }>()
  return row?.n !== 0
}
