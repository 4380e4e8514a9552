import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  RECOVERY_DELAY_MS,
  RecoveryAlarm,
  type RecoveryAlarmDeps,
} from '../../../src/objects/conversation/delivery/recovery-alarm.ts'
import { createLog } from '../../../src/platform/observability/log.ts'
import { bindings } from '../../rigs/rig.ts'

/** One hour ahead, so that no alarm fires during a test. */
const SOON = Date.now() + 3_600_000

let next = 0

/** Runs a test on the storage of a new conversation. Each `start` is a new RecoveryAlarm, as after a restart. */
function onStorage(
  work: (start: (given?: Partial<RecoveryAlarmDeps>) => RecoveryAlarm, storage: DurableObjectStorage) => Promise<void>,
) {
  return runInDurableObject(bindings.CONVERSATION.getByName(`si_recovery_${next++}`), async (_object, { storage }) => {
    const idle: RecoveryAlarmDeps = {
      storage,
      hasPendingWork: () => false,
      isBusy: () => false,
      pendingSince: () => null,
      retryAt: () => null,
      burnAt: () => null,
      redeliver: () => {},
      retryUndelivered: async () => {},
      log: () => createLog('error'),
    }
    await work((given = {}) => new RecoveryAlarm({ ...idle, ...given }), storage)
    await storage.deleteAlarm()
  })
}

describe('RecoveryAlarm', () => {
  it('sets one alarm per busy period; after a restart, its time shows when the period began', () =>
    onStorage(async (start, storage) => {
      const alarm = start()
      await alarm.arm(SOON)
      await alarm.arm(SOON + 1_000)
      expect(await storage.getAlarm()).toBe(SOON + RECOVERY_DELAY_MS)
      const begun: number[] = []
      await start({ redeliver: (since) => begun.push(since) }).wake(SOON + 2_000, [])
      expect(begun).toEqual([SOON])
    }))

  it('keeps the time of an alarm that fires late', () =>
    onStorage(async (start, storage) => {
      const alarm = start()
      await alarm.arm(SOON)
      await alarm.arm(SOON + 20_000)
      expect(await storage.getAlarm()).toBe(SOON + RECOVERY_DELAY_MS)
    }))

  it('redelivers from the oldest message in flight on, until all messages have arrived', () =>
    onStorage(async (start, storage) => {
      let pending: number | null = 1_000
      const alarm = start({ isBusy: () => pending !== null, pendingSince: () => pending })
      await alarm.arm(SOON)
      await alarm.fire(SOON + RECOVERY_DELAY_MS, [])
      const redeliveries: [number, number][] = []
      const redeliver = (since: number, webhooksSince: number) => void redeliveries.push([since, webhooksSince])
      const due = (await storage.getAlarm()) ?? 0
      await start({ redeliver }).wake(due, [])
      // The after-webhooks of the older messages were queued before the first alarm ended.
      expect(redeliveries).toEqual([[1_000, due - RECOVERY_DELAY_MS]])
      pending = null
      await alarm.fire(due, [])
      expect(storage.sql.exec('SELECT * FROM spell').toArray()).toEqual([])
    }))

  it('does not mistake a later alarm for undelivered messages for the alarm of a busy period', () =>
    onStorage(async (start, storage) => {
      await storage.setAlarm(SOON + 1_800_000)
      const begun: number[] = []
      const alarm = start({ redeliver: (since) => begun.push(since) })
      await alarm.wake(SOON, [])
      await alarm.arm(SOON)
      expect(await storage.getAlarm()).toBe(SOON + RECOVERY_DELAY_MS)
      expect(begun).toEqual([])
    }))

  it('resumes pending work even when other pending work fails', () =>
    onStorage(async (start, storage) => {
      const done: string[] = []
      const failing = { pending: true, resume: () => Promise.reject(new Error('not now')) }
      const other = { pending: true, resume: async () => void done.push('other') }
      const idle = { pending: false, resume: async () => void done.push('idle') }
      const log = () => ({ ...createLog('error'), error: (message: string) => void done.push(message) })
      const alarm = start({ hasPendingWork: () => true, log })
      await alarm.fire(SOON, [failing, idle, other])
      expect(done).toEqual(['resume of a pending change failed', 'other'])
      expect(await storage.getAlarm()).not.toBeNull()
    }))
})
