import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  RECOVERY_DELAY_MS,
  RecoveryAlarm,
  type RecoveryAlarmDeps,
} from '../../../src/objects/conversation/delivery/recovery-alarm.ts'
import { createLog } from '../../../src/platform/observability/log.ts'
import { bindings } from '../../rigs/rig.ts'

/** So far ahead that no alarm comes during a test. */
const SOON = Date.now() + 3_600_000

let next = 0

/** Spells on the storage of a conversation of its own: each `wake` is a new life. */
function onStorage(
  work: (wake: (given?: Partial<RecoveryAlarmDeps>) => RecoveryAlarm, storage: DurableObjectStorage) => Promise<void>,
) {
  return runInDurableObject(bindings.CONVERSATION.getByName(`si_spell_${next++}`), async (_object, { storage }) => {
    const idle: RecoveryAlarmDeps = {
      storage,
      pendingWork: [],
      busy: () => false,
      pendingSince: () => null,
      retryAt: () => null,
      redeliver: () => {},
      retryUndelivered: async () => {},
      log: () => createLog('error'),
    }
    await work((given = {}) => new RecoveryAlarm({ ...idle, ...given }), storage)
    await storage.deleteAlarm()
  })
}

describe('a busy spell', () => {
  it('has one alarm, whose time tells a new life when it began', () =>
    onStorage(async (wake, storage) => {
      const spell = wake()
      await spell.arm(SOON)
      await spell.arm(SOON + 1_000)
      expect(await storage.getAlarm()).toBe(SOON + RECOVERY_DELAY_MS)
      const begun: number[] = []
      await wake({ redeliver: (since) => begun.push(since) }).wake(SOON + 2_000)
      expect(begun).toEqual([SOON])
    }))

  it('keeps that time when its alarm is late', () =>
    onStorage(async (wake, storage) => {
      const spell = wake()
      await spell.arm(SOON)
      await spell.arm(SOON + 20_000)
      expect(await storage.getAlarm()).toBe(SOON + RECOVERY_DELAY_MS)
    }))

  it('begins where the oldest of what is on its way was stored, until all of it has arrived', () =>
    onStorage(async (wake, storage) => {
      let pending: number | null = 1_000
      const spell = wake({ busy: () => pending !== null, pendingSince: () => pending })
      await spell.arm(SOON)
      await spell.fire(SOON + RECOVERY_DELAY_MS)
      const lives: [number, number][] = []
      const again = (since: number, untoldSince: number) => void lives.push([since, untoldSince])
      const due = (await storage.getAlarm()) ?? 0
      await wake({ redeliver: again }).wake(due)
      // The app was told of the older ones before the alarm was done.
      expect(lives).toEqual([[1_000, due - RECOVERY_DELAY_MS]])
      pending = null
      await spell.fire(due)
      expect(storage.sql.exec('SELECT * FROM spell').toArray()).toEqual([])
    }))

  it('of a message is not that of an alarm further away, for what is owed', () =>
    onStorage(async (wake, storage) => {
      await storage.setAlarm(SOON + 1_800_000)
      const begun: number[] = []
      const spell = wake({ redeliver: (since) => begun.push(since) })
      await spell.wake(SOON)
      await spell.arm(SOON)
      expect(await storage.getAlarm()).toBe(SOON + RECOVERY_DELAY_MS)
      expect(begun).toEqual([])
    }))

  it('takes up what was begun before it, and one that fails keeps no other from it', () =>
    onStorage(async (wake, storage) => {
      const done: string[] = []
      const failing = { pending: true, resume: () => Promise.reject(new Error('not now')) }
      const other = { pending: true, resume: async () => void done.push('other') }
      const idle = { pending: false, resume: async () => void done.push('idle') }
      const log = () => ({ ...createLog('error'), error: (message: string) => void done.push(message) })
      const spell = wake({ pendingWork: [failing, idle, other], log })
      await spell.fire(SOON)
      expect(done).toEqual(['a change that was begun could not be carried out yet', 'other'])
      expect(await storage.getAlarm()).not.toBeNull()
    }))
})
