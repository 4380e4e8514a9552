import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { createLog } from '../../src/platform/observability/log.ts'
import worker from '../../src/worker.ts'
import { bindings, post, register, request, userToken } from '../rigs/rig.ts'

let errors: MockInstance
const said = () => errors.mock.calls.map(([line]) => JSON.parse(line))

beforeEach(() => {
  errors = vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
})

async function without(table: string, work: () => Promise<unknown>): Promise<void> {
  await bindings.DB.prepare(`ALTER TABLE ${table} RENAME TO away`).run()
  await work().finally(() => bindings.DB.prepare(`ALTER TABLE away RENAME TO ${table}`).run())
}

describe('a line of the log', () => {
  it('is one JSON object with the fields of its log and its own', () => {
    createLog('info', { operationID: 'op' })
      .with({ userID: 'alice' })
      .error('it broke', new TypeError('why'), { tries: 2 })
    expect(said()).toEqual([
      {
        ...{ level: 'error', message: 'it broke', operationID: 'op', userID: 'alice', tries: 2 },
        ...{ error: 'why', errorName: 'TypeError', stack: expect.stringContaining('why') },
      },
    ])
  })

  it('is written from the level that is set, which may change meanwhile', () => {
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

describe('a query that fails', () => {
  const TOKEN = 'a-token-that-is\nnobody-else’s-business'

  it('is told of without what was bound to it', async () => {
    await register('carol')
    const token = await userToken('carol')
    await without('device_token', async () => {
      const given = { userID: 'carol', platformID: 2, provider: 'http', token: TOKEN, vendor: '' }
      expect(await post('/third/update_push_token', given, token)).toMatchObject({ errCode: 500 })
    })
    const [line] = said()
    expect(line.error).toMatch(/no such table: device_token.* \(.*"device_token"/)
    expect(line.stack).toContain('no such table')
    expect(JSON.stringify(line)).not.toMatch(/a-token-that-is|nobody-else|params/)
  })

  it('is told of like that also where its error has lost its class on the way', () => {
    createLog('info').error('it broke', new Error(`Failed query: select ?\nparams: ${TOKEN}`))
    expect(said()[0].error).toBe('Failed query: select ?')
    expect(JSON.stringify(said())).not.toContain('nobody-else')
  })
})

describe('the operationID', () => {
  it('is on the line of a call that failed, and its answer tells nothing of the fault', async () => {
    await register('alice')
    const token = await userToken('alice')
    await without('friend', async () => {
      const pagination = { pageNumber: 1, showNumber: 1 }
      const reply = await post('/friend/get_friend_list', { userID: 'alice', pagination }, token)
      expect(reply).toMatchObject({ errCode: 500, errDlt: 'the call could not be completed; try again' })
    })
    expect(said()).toContainEqual(expect.objectContaining({ message: 'a call failed', operationID: 'test-operation' }))
  })

  it('is on the line of a file that could not be fetched, though nobody has to give one', async () => {
    await without('file_object', async () => {
      await request('/object/alice/a.txt?operationID=from-the-address')
      await request('/object/alice/b.txt')
    })
    const lines = said().filter((line) => line.message === 'a file could not be moved')
    expect(lines.map((line) => line.operationID)).toEqual(['from-the-address', expect.stringMatching(/^http_\w{32}$/)])
  })

  it('is on the line of a job that failed, even of one that nobody understands', async () => {
    const batch = createMessageBatch<unknown>('openim-edge-transfer', [
      { id: 'm1', timestamp: new Date(), attempts: 3, body: { kind: 'nonsense', operationID: 'op-of-the-job' } },
      { id: 'm2', timestamp: new Date(), attempts: 1, body: 'not even an object' },
    ])
    const execution = createExecutionContext()
    await worker.queue(batch, bindings, execution)
    expect((await getQueueResult(batch, execution)).retryMessages).toHaveLength(2)
    expect(said().map(({ message, messageID, operationID }) => [message, messageID, operationID])).toEqual([
      ['job failed', 'm1', 'op-of-the-job'],
      ['job failed', 'm2', ''],
    ])
  })
})
