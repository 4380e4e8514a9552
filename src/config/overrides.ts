import type { Bindings } from '../env.ts'
import { createLog } from '../platform/observability/log.ts'
import { openDatabase } from '../platform/storage/d1.ts'
import { settingOverride } from './tables.ts'

/*
 * Settings that administrators change at run time. D1 stores them, and every isolate works with a copy that it reads
 * again after 30 seconds. A message never waits for that: the objects go on with the copy that they have.
 */

/** Values by the setting's name, in the notation of the environment. */
export type Overrides = Readonly<Record<string, string>>

/** The row with this name has the value `0` while the overrides are switched off. */
export const OVERRIDES_SWITCH = 'overrides'

const MAX_AGE_MS = 30_000

let current: Overrides = {}
let hasRead = false
let lastReadTime = Number.NEGATIVE_INFINITY

/** This isolate's copy. A new object only when a value has changed, so that callers can compare by identity. */
export function currentOverrides(): Overrides {
  return current
}

/** Reads the overrides from D1 into this isolate's copy. */
export async function readOverrides(env: Bindings): Promise<void> {
  lastReadTime = Date.now()
  const rows = await openDatabase(env.DB).select().from(settingOverride)
  const found = Object.fromEntries(rows.map(({ name, value }) => [name, value]))
  const { [OVERRIDES_SWITCH]: applied, ...overrides } = found
  const next = applied === '0' ? {} : overrides
  if (JSON.stringify(next) !== JSON.stringify(current)) current = next
  hasRead = true
}

/**
 * Waits for this isolate's first copy. Later copies are read in the background.
 * @param waitUntil keeps the isolate alive while it reads
 */
export async function withOverrides(env: Bindings, waitUntil: (work: Promise<void>) => void): Promise<void> {
  if (!hasRead) await tryReading(env)
  else refreshOverrides(env, waitUntil)
}

/** Reads the overrides in the background if the copy is older than 30 seconds. */
export function refreshOverrides(env: Bindings, waitUntil: (work: Promise<void>) => void): void {
  if (Date.now() - lastReadTime >= MAX_AGE_MS) waitUntil(tryReading(env))
}

/** While D1 cannot be read, the service goes on with its copy, or with the deployment's own settings. */
async function tryReading(env: Bindings): Promise<void> {
  try {
    await readOverrides(env)
  } catch (error) {
    createLog('error').error('reading run-time settings failed', error)
  }
}
