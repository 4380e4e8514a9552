import { createExecutionContext, createScheduledController, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { TransferJob } from '../../src/contracts/jobs.ts'
import { addToDirectory } from '../../src/features/message/store.ts'
import { insertLogs } from '../../src/features/sdk-logs/store.ts'
import { CLEANING, clean } from '../../src/jobs/cleaning.ts'
import { clearExpiredLogs, clearExpiredMessages } from '../../src/jobs/cleaning-steps.ts'
import { DAY_MS } from '../../src/platform/durations.ts'
import { createContext } from '../../src/runtime/context.ts'
import worker from '../../src/worker.ts'
import { adminToken, appendItem, bindings, conversation, post, register, until } from '../rigs/rig.ts'

const context = () => createContext(bindings, 'cron_test')

beforeAll(async () => {
  await register('alice', 'bob')
})

afterEach(async () => {
  vi.restoreAllMocks()
  await post('/config/reset_config', {}, await adminToken())
})

async function retain(content: object): Promise<void> {
  const data = JSON.stringify(content)
  const reply = await post('/config/set_config', { configName: 'openim-crontask.yml', data }, await adminToken())
  expect(reply.errCode).toBe(0)
}

/** Starts a conversation with some messages, and lists it in the directory. */
async function talk(peer: string, texts: string[]): Promise<string> {
  await register(peer)
  const id = `si_alice_${peer}`
  await conversation(id).append(texts.map((clientMsgID) => appendItem({ recvID: peer, clientMsgID })))
  await runDurableObjectAlarm(bindings.CONVERSATION.getByName(id))
  await addToDirectory(context().db, id)
  return id
}

const seqsOf = async (id: string) => (await conversation(id).stored([1, 2, 3, 4, 5])).map(({ seq }) => seq)
const firstReadable = async (id: string) => {
  const window = { userID: 'alice', minSeq: 0, maxSeq: 0 }
  return (await conversation(id).readRange('chat', window, 1, 5, 5)).lower
}
/** A time that is this many days after the messages. */
const daysAhead = (days: number) => Date.now() + days * DAY_MS

describe('clearExpiredMessages', () => {
  it('keeps messages for the configured time, and then erases them for all members', async () => {
    const id = await talk('peer1', ['a', 'b', 'c'])
    await retain({ RetainChatRecords: 10 })
    expect(await clearExpiredMessages(context(), daysAhead(9), '')).toEqual({ removed: 0, cursor: null })
    expect(await seqsOf(id)).toEqual([1, 2, 3])
    expect((await clearExpiredMessages(context(), daysAhead(11), '')).removed).toBe(3)
    // The newest row stays, without its content: the next seq is counted from it.
    expect(await seqsOf(id)).toEqual([3])
    expect(await firstReadable(id)).toBe(4)
    expect((await conversation(id).search(NOTHING, 100, 100)).seqs).toEqual([])
  })

  it('erases no message again in the next night', async () => {
    await talk('peer2', ['d', 'e'])
    await retain({ RetainChatRecords: 10 })
    await clearExpiredMessages(context(), daysAhead(11), '')
    expect(await clearExpiredMessages(context(), daysAhead(12), '')).toEqual({ removed: 0, cursor: null })
  })

  it('keeps messages forever when the configured time is 0', async () => {
    const id = await talk('peer3', ['f'])
    await retain({ RetainChatRecords: 0 })
    expect(await clearExpiredMessages(context(), daysAhead(100_000), '')).toEqual({ removed: 0, cursor: null })
    expect(await seqsOf(id)).toEqual([1])
  })

  it('erases the oldest messages first, and at most the given number per call', async () => {
    const id = await talk('peer4', ['g', 'h', 'i', 'j'])
    expect(await conversation(id).eraseBefore(daysAhead(1), 2)).toBe(2)
    expect(await seqsOf(id)).toEqual([3, 4])
    expect(await firstReadable(id)).toBe(3)
    expect(await conversation(id).eraseBefore(daysAhead(1), 2)).toBe(2)
    expect(await conversation(id).eraseBefore(daysAhead(1), 2)).toBe(0)
    expect(await firstReadable(id)).toBe(5)
  })

  it('erases the messages of the other conversations when one conversation fails', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    await addToDirectory(context().db, 'si_aaa_never_begun')
    const id = await talk('peer5', ['k', 'l'])
    await retain({ RetainChatRecords: 10 })
    expect((await clearExpiredMessages(context(), daysAhead(11), '')).removed).toBeGreaterThanOrEqual(2)
    expect(await seqsOf(id)).toEqual([2])
    expect(error.mock.calls.join()).toContain('"operationID":"cron_test"')
    await bindings.DB.prepare("DELETE FROM conversation_directory WHERE conversation_id = 'si_aaa_never_begun'").run()
  })
})

const NOTHING = { sendID: '', recvID: '', contentType: 0, from: 0, to: 0, text: '' }

describe('clearExpiredLogs', () => {
  const log = (logID: string, createTime: number) => ({
    ...{ logID, createTime, userID: 'alice', platform: 'IOS', appFramework: '', version: '' },
    ...{ filename: 'f', url: 'u', ex: '' },
  })
  const logIDs = async () => {
    const { results } = await bindings.DB.prepare('SELECT log_id FROM sdk_log ORDER BY log_id').all<{
      log_id: string
    }>()
    return results.map((row) => row.log_id)
  }

  it('deletes logs older than the expiry of files, if files of the group sdklog expire', async () => {
    const now = Date.now()
    await insertLogs(context().db, [log('1', now - 20 * DAY_MS), log('2', now - 5 * DAY_MS), log('3', now)])
    await retain({ FileExpireTime: 10, DeleteObjectType: ['msg-file'] })
    expect(await clearExpiredLogs(context(), now, '')).toEqual({ removed: 0, cursor: null })
    await retain({ FileExpireTime: 0, DeleteObjectType: ['sdklog'] })
    expect(await clearExpiredLogs(context(), now, '')).toEqual({ removed: 0, cursor: null })
    await retain({ FileExpireTime: 10 })
    expect(await clearExpiredLogs(context(), now, '')).toEqual({ removed: 1, cursor: null })
    expect(await logIDs()).toEqual(['2', '3'])
  })
})

describe('the nightly cleaning', () => {
  it('runs to its end through the queue, and logs the number of removed rows', async () => {
    const id = await talk('peer6', ['m', 'n', 'o'])
    await retain({ RetainChatRecords: 10 })
    const lines = vi.spyOn(console, 'log').mockImplementation(() => {})
    const scheduledTime = daysAhead(11)
    const data = '{"RemainLogLevel":4}'
    await post('/config/set_config', { configName: 'log.yml', data }, await adminToken())
    await worker.scheduled(
      createScheduledController({ scheduledTime: new Date(scheduledTime), cron: '0 2 * * *' }),
      bindings,
      createExecutionContext(),
    )
    const logged = () => lines.mock.calls.map(([line]) => JSON.parse(line))
    const isDone = (task: string) => logged().some((line) => line.message === 'cleaning done' && line.task === task)
    await until(() => Object.keys(CLEANING).every(isDone))
    expect(await seqsOf(id)).toEqual([3])
    const [done] = logged().filter((line) => line.message === 'cleaning done' && line.task === 'messages')
    expect(done).toMatchObject({ operationID: `cron_${scheduledTime}`, removed: expect.any(Number) })
    expect(done.removed).toBeGreaterThanOrEqual(3)
  })

  it('enqueues the next step with its cursor and the total count, until no step is left', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const ids = Array.from({ length: 170 }, (_, i) => `si_zz_${String(i).padStart(3, '0')}`)
    for (const id of ids) await addToDirectory(context().db, id)
    const jobs: TransferJob[] = []
    const ctx = { ...context(), enqueue: async (job: TransferJob) => void jobs.push(job) }
    const job = {
      kind: 'clean' as const,
      operationID: 'cron_1',
      task: 'messages',
      startTime: 7,
      cursor: '',
      removed: 5,
    }
    await clean(ctx, job)
    expect(jobs).toEqual([{ ...job, cursor: expect.stringMatching(/^si_/) }])
    const { cursor } = jobs[0] as typeof job
    await clean(ctx, { ...job, cursor })
    expect(jobs).toHaveLength(1)
    await bindings.DB.prepare("DELETE FROM conversation_directory WHERE conversation_id LIKE 'si_zz_%'").run()
  })

  it('ignores a task that this version does not know', async () => {
    const job = { operationID: 'cron_1', task: 'constructor', startTime: 1, cursor: '', removed: 0 }
    await expect(clean(context(), { kind: 'clean', ...job })).resolves.toBeUndefined()
  })
})
