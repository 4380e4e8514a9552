import type { Bindings } from '../env.ts'
import { createLog } from '../platform/observability/log.ts'
import { openDatabase } from '../platform/storage/d1.ts'
import { settingOverride } from './tables.ts'

/*
 * Settings that administrators change while the service runs. D1 has them; every isolate works with a copy, which it
 * reads again when it is older than half a minute. A message never waits for that: the objects go on with the copy
 * they have.
 */

/** Setting by name, as in the environment. */
export type Overrides = Readonly<Record<string, string>>

/** A row of this name holds `0` while the overrides are not to be applied. */
export const OVERRIDES_SWITCH = 'overrides'

const MAX_AGE_MS = 30_000

let current: Overrides = {}
let hasRead = false
let askedAt = Number.NEGATIVE_INFINITY

/** This isolate's copy; another object as soon as something in it is different. */
export function currentOverrides(): Overrides {
  return current
}

/** Reads the copy again. */
export async function readOverrides(env: Bindings): Promise<void> {
  askedAt = Date.now()
  const rows = await openDatabase(env.DB).select().from(settingOverride)
  const found = Object.fromEntries(rows.map(({ name, value }) => [name, value]))
  const { [OVERRIDES_SWITCH]: applied, ...overrides } = found
  const next = applied === '0' ? {} : overrides
  if (JSON.stringify(next) !== JSON.stringify(current)) current = next
  hasRead = true
}

/** Waits for the first copy of this isolate; later ones are read beside the work, which `beside` keeps alive. */
export async function withOverrides(env: Bindings, beside: (work: Promise<void>) => void): Promise<void> {
  if (!hasRead) await tryReading(env)
  else refreshOverrides(env, beside)
}

/** Reads the copy again if it is old, and lets nobody wait. */
export function refreshOverrides(env: Bindings, beside: (work: Promise<void>) => void): void {
  if (Date.now() - askedAt >= MAX_AGE_MS) beside(tryReading(env))
}

/** Without D1 the service goes on with the copy that it has, or with the deployment's own settings. */
async function tryReading(env: Bindings): Promise<void> {
  try {
    await readOverrides(env)
  } catch (error) {
    createLog('error').error('the settings changed at run time could not be read', error)
  }
}
