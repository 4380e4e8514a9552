import { type D1Migration, listDurableObjectIds, reset, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'
import { bindings, forgetAdminToken } from './rigs/rig.ts'

const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: D1Migration[] }

const { USER, CONVERSATION, RELAY, METRICS } = bindings
const NAMESPACES = [USER, CONVERSATION, RELAY, METRICS] as unknown as DurableObjectNamespace[]

/** Each test file starts with empty objects and an empty D1, because most files share one workerd process. */
beforeAll(async () => {
  // Work that an earlier file left running may write again during a reset, so the reset is repeated.
  do await reset()
  while ((await wakeObjects()) > 0 || (await hasTables()))
  forgetAdminToken()
  await DB.batch(TEST_MIGRATIONS.flatMap(({ queries }) => queries.map((query) => DB.prepare(query))))
})

/**
 * Wakes the objects that still have storage, because `reset` deletes the storage of running objects only.
 * @returns how many there are
 */
async function wakeObjects(): Promise<number> {
  let count = 0
  for (const namespace of NAMESPACES) {
    for (const id of await listDurableObjectIds(namespace)) {
      await runInDurableObject(namespace.get(id), () => {})
      count++
    }
  }
  if (count > 0) console.log(`LEFTOVER ${count}`)
  return count
}

async function hasTables(): Promise<boolean> {
  const row = await DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'user'").first<{ n: number }>()
  return row?.n !== 0
}
