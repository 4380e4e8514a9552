import { type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'
import { forgetAdminToken } from './rigs/rig.ts'

const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: D1Migration[] }

/** Starts each test file with empty objects and an empty D1. Files share an isolate, because starting one is slow. */
beforeAll(async () => {
  // Repeated, because unfinished work of an earlier file may keep the first reset from taking effect.
  do await reset()
  while (await hasTables())
  forgetAdminToken()
  await DB.batch(TEST_MIGRATIONS.flatMap(({ queries }) => queries.map((query) => DB.prepare(query))))
})

async function hasTables(): Promise<boolean> {
  const row = await DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'user'").first<{ n: number }>()
  return row?.n !== 0
}
