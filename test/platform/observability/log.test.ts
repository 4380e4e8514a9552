import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createLog } from '../../../src/platform/observability/log.ts'
import worker from '../../../src/worker.ts'
import { bindings, post, register, request, userToken } from '../../rigs/rig.ts'

let errors: MockInstance
const errorLines = () => errors.mock.calls.map(([line]) => JSON.parse(line))

beforeEach(() => {
  errors = vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** Runs the work while a table of D1 is missing. */
async function withoutTable(table: string, work: () => Promise<unknown>): Promise<void> {
  await bindings.DB.prepare(`ALTER TABLE ${table} RENAME TO renamed`).run()
  await work().finally(() => bindings.DB.prepare(`ALTER TABLE renamed RENAME TO ${table}`).run())
}

describe('createLog', () => {
  it('writes one JSON object per line, with the fields of the log and of the line', () => {
    createLog('info', { operationID: 'op' })
      .with({ userID: 'alice' })
      .error('it broke', new TypeError('why'), { tries: 2 })
    expect(errorLines()).toEqual([
      {
        ...{ level: 'error', message: 'it broke', operationID: 'op', userID: 'alice', tries: 2 },
        ...{ error: 'why', errorName: 'TypeError', stack: expect.stringContaining('why') },
      },
    ])
  })

  it('writes lines of the current level and above, even after the level changes', () => {
    const info = vi.spyOn(console, 'log').mockImplementation(() => {})
    let level: 'info' | 'warn' = 'warn'
    const log = createLog(() => level)
    log.info('not yet')
    level = 'info'
    log.info('now')
    log.debug('never')
    expect(info.mock.calls.map(([line]) => JSON.parse(line).message)).toEqual(['now'])
  })
})

describe('the log line of a failed query', () => {
  const TOKEN = 'a-token-that-is\nprivate-to-its-user'

  it('does not contain the bound values', async () => {
    await register('carol')
    const token = await userToken('carol')
    await withoutTable('device_token', async () => {
      const given = { userID: 'carol', platformID: 2, provider: 'http', token: TOKEN, vendor: '' }
      expect(await post('/third/update_push_token', given, token)).toMatchObject({ errCode: 500 })
    })
    const [line] = errorLines()
    expect(line.error).toMatch(/no such table: device_token.* \(.*"device_token"/)
    expect(line.stack).toContain('no such table')
    expect(JSON.stringify(line)).not.toMatch(/a-token-that-is|private-to-its-user|params/)
  })

  it('does not contain the bound values when the error has lost its class', () => {
    createLog('info').error('it broke', new Error(`Failed query: select ?\nparams: ${TOKEN}`))
    expect(errorLines()[0].error).toBe('Failed query: select ?')
    expect(JSON.stringify(errorLines())).not.toContain('private-to-its-user')
  })
})

describe('the operationID', () => {
  it('is in the log line of a failed call, whose answer does not reveal the error', async () => {
    await register('alice')
    const token = await userToken('alice')
    await withoutTable('friend', async () => {
      const pagination = { pageNumber: 1, showNumber: 1 }
      const reply = await post('/friend/get_friend_list', { userID: 'alice', pagination }, token)
      expect(reply).toMatchObject({ errCode: 500, errDlt: 'the call could not be completed; try again' })
    })
    expect(errorLines()).toContainEqual(
      expect.objectContaining({ message: 'REST call failed', operationID: 'test-operation' }),
    )
  })

  it('is generated for the log line of a failed download when the request has no operationID', async () => {
    await withoutTable('file_object', async () => {
      await request('/object/alice/a.txt?operationID=from-the-address')
      await request('/object/alice/b.txt')
    })
    const lines = errorLines().filter((line) => line.message === 'file transfer failed')
    expect(lines.map((line) => line.operationID)).toEqual(['from-the-address', expect.stringMatching(/^http_\w{32}$/)])
  })

  it('is in the log line of a failed job, even when the job is not valid', async () => {
    const batch = createMessageBatch<unknown>('openim-edge-transfer', [
      { id: 'm1', timestamp: new Date(), attempts: 3, body: { kind: 'nonsense', operationID: 'op-of-the-job' } },
      { id: 'm2', timestamp: new Date(), attempts: 1, body: 'not even an object' },
    ])
    const execution = createExecutionContext()
    await worker.queue(batch, bindings, execution)
    expect((await getQueueResult(batch, execution)).retryMessages).toHaveLength(2)
    expect(errorLines().map(({ message, messageID, operationID }) => [message, messageID, operationID])).toEqual([
      ['job failed', 'm1', 'op-of-the-job'],
      ['job failed', 'm2', ''],
    ])
  })
})
