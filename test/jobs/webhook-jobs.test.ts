import { createExecutionContext, createMessageBatch, getQueueResult, waitOnExecutionContext } from 'cloudflare:test'
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WebhookJob } from '../../src/contracts/jobs.ts'
import type { Bindings } from '../../src/env.ts'
import { consumeQueue } from '../../src/jobs/queue.ts'
import { retryDelay } from '../../src/jobs/retry-delay.ts'
import { createContext } from '../../src/runtime/context.ts'
import { MAX_JOB_BYTES } from '../../src/runtime/webhook-queue.ts'
import { sendAfterWebhook } from '../../src/webhook/after.ts'
import { AppServer, GO_ON, HOOKS, SECRET } from '../rigs/webhook-rig.ts'

const QUIT = `${HOOKS}/callbackAfterQuitGroupCommand`
const PAGE = { pagination: { pageNumber: 1, showNumber: 100 } }

let app: AppServer
let env: Bindings

beforeEach(() => {
  app = new AppServer()
  env = app.env({ afterQuitGroup: {} })
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(async () => {
  vi.restoreAllMocks()
  await env.DB.exec('DELETE FROM webhook_delivery; DELETE FROM webhook_dead_letter; DELETE FROM webhook_large_body')
})

const job = (given: Partial<WebhookJob> = {}): WebhookJob => ({
  eventID: 'event-1',
  name: 'afterQuitGroup',
  operationID: 'op-1',
  url: QUIT,
  key: '',
  body: '{"callbackCommand":"callbackAfterQuitGroupCommand","groupID":"g","userID":"u"}',
  createTime: 1_700_000_000_000,
  ...given,
})

/** Passes messages to the consumer of a queue; returns the acknowledged and the retried ones. */
async function consume(queue: string, bodies: unknown[], attempts = 1) {
  const messages = bodies.map((body, i) => ({ id: String(i), timestamp: new Date(), attempts, body }))
  const batch = createMessageBatch(queue, messages)
  const execution = createExecutionContext()
  await consumeQueue(batch, env, execution)
  await waitOnExecutionContext(execution)
  const { explicitAcks, retryMessages } = await getQueueResult(batch, execution)
  return { acked: explicitAcks, retried: retryMessages.map(({ msgId }) => msgId) }
}
const deliver = (bodies: unknown[], attempts = 1) => consume('openim-edge-webhook', bodies, attempts)
const deadLetter = (bodies: unknown[]) => consume('openim-edge-webhook-dead', bodies)
const asAdmin = async (path: string, body: object = PAGE) => {
  const reply = await app.call(env, path, body)
  expect(reply.errCode, JSON.stringify(reply)).toBe(0)
  return reply.data
}
const countOf = async (table: string) =>
  (await env.DB.prepare(`SELECT count(*) AS count FROM ${table}`).first<{ count: number }>())?.count

describe('an after-webhook', () => {
  it('is delivered with the queued body, a signature, its event ID and the operationID', async () => {
    expect(await deliver([job({ key: 'a+b/=' })])).toMatchObject({ acked: ['0'], retried: [] })
    const [asked] = app.asked
    expect(asked?.url.href).toBe(`${QUIT}?key=a%2Bb%2F%3D`)
    expect(asked?.text).toBe(job().body)
    expect(asked?.headers.get('webhook-id')).toBe('event-1')
    expect(asked?.headers.get('operationID')).toBe('op-1')
    const signed = `event-1.${asked?.headers.get('webhook-timestamp')}.${asked?.text}`
    const mac = createHmac('sha256', SECRET).update(signed).digest('base64')
    expect(asked?.headers.get('webhook-signature')).toBe(`v1,${mac}`)
  })

  it('is signed with the bytes of a base64 secret, and is not signed without a secret', async () => {
    env = app.env({ afterQuitGroup: {} }, { OPENIM_WEBHOOK_SECRET: `whsec_${btoa(SECRET)}` })
    await deliver([job()])
    env = app.env({ afterQuitGroup: {} }, { OPENIM_WEBHOOK_SECRET: '' })
    await deliver([job()])
    const [first, second] = app.asked
    const signed = `event-1.${first?.headers.get('webhook-timestamp')}.${first?.text}`
    const mac = createHmac('sha256', SECRET).update(signed).digest('base64')
    expect(first?.headers.get('webhook-signature')).toBe(`v1,${mac}`)
    expect(second?.headers.has('webhook-signature')).toBe(false)
    expect(second?.headers.get('webhook-id')).toBe('event-1')
  })

  it('carries an operationID with characters that a header cannot hold', async () => {
    await deliver([job({ operationID: '操作\n1' })])
    expect(decodeURIComponent(app.asked[0]?.headers.get('operationID') ?? '')).toBe('操作\n1')
  })

  it.each([
    ['JSON', () => GO_ON],
    ['nothing', () => new Response(null, { status: 204 })],
    ['a plain text', () => new Response('ok')],
    ['a refusal, which comes too late', () => ({ actionCode: 0, nextCode: 1, errCode: 5001 })],
  ])('is delivered when the answer is %s', async (_what, answer) => {
    app.answer = answer
    expect(await deliver([job()])).toMatchObject({ acked: ['0'] })
  })

  it.each([
    ['an error status', 503, 'it answered 503', () => Response.json(GO_ON, { status: 503 })],
    ['a missing page', 404, 'it answered 404', () => new Response('', { status: 404 })],
    ['a web page', 200, 'it answered a web page', () => new Response(' <!DOCTYPE html><p>Log in')],
    [
      'a redirect to a private address',
      302,
      'it answered 302, and redirects are not followed',
      () => Response.redirect('http://10.0.0.1/', 302),
    ],
    ['an answer without end', 200, 'its answer has more than 1048576 bytes', () => new Response('x'.repeat(1_100_000))],
    ['no connection', 0, 'it could not be reached', () => Promise.reject(new TypeError('refused'))],
  ])('is retried after %s, and the delivery log has the reason', async (_what, status, error, answer) => {
    app.answer = answer
    expect(await deliver([job()], 3)).toMatchObject({ acked: [], retried: ['0'] })
    expect(app.asked).toHaveLength(1)
    expect(await asAdmin('/webhook/get_deliveries')).toEqual({
      total: 1,
      deliveries: [
        {
          webhook: 'afterQuitGroup',
          eventID: 'event-1',
          operationID: 'op-1',
          url: QUIT,
          attempt: 3,
          delivered: false,
          status,
          error,
          durationMs: expect.any(Number),
          time: expect.any(Number),
        },
      ],
    })
  })

  it('is retried after pauses that double with each try, up to one hour', () => {
    for (const [attempts, least] of [
      [1, 5],
      [2, 10],
      [3, 20],
      [20, 3_600],
    ] as const) {
      const seconds = retryDelay(5, attempts)
      expect(seconds).toBeGreaterThanOrEqual(least)
      expect(seconds).toBeLessThanOrEqual(Math.min(3_600, Math.ceil(least * 1.25)))
    }
  })

  it('is delivered when other messages of the batch fail or are malformed', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    app.answer = ({ headers }) => (headers.get('webhook-id') === 'bad' ? new Response('', { status: 500 }) : GO_ON)
    const batch = [job({ eventID: 'one' }), job({ eventID: 'bad' }), { operationID: 'op-8' }, job({ eventID: 'two' })]
    expect(await deliver(batch)).toMatchObject({ acked: ['0', '3'], retried: ['1', '2'] })
    const line = { message: 'webhook job failed', operationID: 'op-8', messageID: '2' }
    expect(log.mock.calls.map(([text]) => JSON.parse(String(text)))).toEqual([expect.objectContaining(line)])
  })

  it('keeps its body in D1 until it is delivered when the body is too large for the queue', async () => {
    const ctx = createContext(env, 'op-1')
    const userID = '"'.repeat(MAX_JOB_BYTES)
    await sendAfterWebhook(ctx, 'afterQuitGroup', { groupID: 'g', userID })
    const [queued] = app.queued
    expect(queued?.body).toBeNull()
    app.answer = () => new Response('', { status: 500 })
    await deliver([queued])
    app.answer = () => GO_ON
    expect(await deliver([queued])).toMatchObject({ acked: ['0'] })
    expect(app.asked.map(({ body }) => body.userID)).toEqual([userID, userID])
    expect(await countOf('webhook_large_body')).toBe(0)
    // The queue may deliver a message twice: the second one finds no body, so that the job is done.
    expect(await deliver([queued])).toMatchObject({ acked: ['0'] })
    expect(app.asked).toHaveLength(2)
  })

  it('becomes one job per address, with the same event ID', async () => {
    env = app.env({ afterQuitGroup: { urls: ['https://one.example', 'https://two.example'] } })
    await sendAfterWebhook(createContext(env, 'op-1'), 'afterQuitGroup', { groupID: 'g', userID: 'u' })
    expect(app.queued.map(({ url }) => new URL(url).host)).toEqual(['one.example', 'two.example'])
    expect(new Set(app.queued.map(({ eventID }) => eventID)).size).toBe(1)
  })

  it('becomes a dead letter when the queue fails, and the caller gets no error', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const full = { sendBatch: () => Promise.reject(new Error('the queue is full')) } as unknown as Queue
    env = app.env({ afterQuitGroup: {} }, { WEBHOOK_QUEUE: full })
    await sendAfterWebhook(createContext(env, 'op-1'), 'afterQuitGroup', { groupID: 'g', userID: 'u' })
    expect(await asAdmin('/webhook/get_dead_letters')).toMatchObject({ total: 1, deadLetters: [{ url: QUIT }] })
  })
})

describe('the log of webhook deliveries', () => {
  it('is filtered by event, webhook and failure, newest first', async () => {
    app.answer = ({ headers }) => (headers.get('webhook-id') === 'b' ? new Response('', { status: 500 }) : GO_ON)
    for (const eventID of ['a', 'b', 'c']) await deliver([job({ eventID })])
    await deliver([job({ eventID: 'b', name: 'afterJoinGroup' })], 2)
    const found = async (filter: object) =>
      (await asAdmin('/webhook/get_deliveries', { ...filter, ...PAGE })).deliveries.map(
        ({ eventID, attempt }: { eventID: string; attempt: number }) => `${eventID}${attempt}`,
      )
    expect(await found({})).toEqual(['b2', 'c1', 'b1', 'a1'])
    expect(await found({ eventID: 'b' })).toEqual(['b2', 'b1'])
    expect(await found({ failedOnly: true, webhook: 'afterQuitGroup' })).toEqual(['b1'])
    const second = { pagination: { pageNumber: 2, showNumber: 3 } }
    expect(await asAdmin('/webhook/get_deliveries', second)).toMatchObject({ total: 4, deliveries: [{ eventID: 'a' }] })
    expect((await app.call(env, '/webhook/get_deliveries', { webhook: 'afterNothing', ...PAGE })).errCode).toBe(1001)
  })

  it('keeps the newest tries, up to the configured number', async () => {
    env = app.env({ afterQuitGroup: {} }, { OPENIM_WEBHOOK_LOG_SIZE: '20' })
    for (const hundred of [0, 1]) {
      await deliver(Array.from({ length: 50 }, (_, i) => job({ eventID: `event-${hundred * 50 + i}` })))
    }
    expect(await countOf('webhook_delivery')).toBe(20)
    env = app.env({ afterQuitGroup: {} }, { OPENIM_WEBHOOK_LOG_SIZE: '0' })
    await deliver([job({ eventID: 'unseen' })])
    expect(await asAdmin('/webhook/get_deliveries', { eventID: 'unseen', ...PAGE })).toEqual({
      total: 0,
      deliveries: [],
    })
  })
})

describe('a dead letter', () => {
  it('is stored once, and is sent again unchanged when an administrator replays it', async () => {
    expect(await deadLetter([job({ key: 'k' }), job({ key: 'k' })])).toMatchObject({ acked: ['0', '1'] })
    const { total, deadLetters } = await asAdmin('/webhook/get_dead_letters', { webhook: 'afterQuitGroup', ...PAGE })
    expect(total).toBe(1)
    expect(deadLetters).toEqual([
      {
        id: expect.any(Number),
        webhook: 'afterQuitGroup',
        eventID: 'event-1',
        operationID: 'op-1',
        url: QUIT,
        createTime: 1_700_000_000_000,
        deadTime: expect.any(Number),
      },
    ])
    expect(await asAdmin('/webhook/replay', { ids: [deadLetters[0].id] })).toEqual({ replayed: 1 })
    expect(app.queued).toEqual([job({ key: 'k' })])
    expect((await asAdmin('/webhook/get_dead_letters')).total).toBe(0)
  })

  it('keeps a large body', async () => {
    await sendAfterWebhook(createContext(env, 'op-1'), 'afterQuitGroup', { groupID: 'g', userID: 'x'.repeat(200_000) })
    const large = app.queued.splice(0)
    await deadLetter(large)
    expect(await countOf('webhook_large_body')).toBe(0)
    expect(await asAdmin('/webhook/replay', { all: true })).toEqual({ replayed: 1 })
    await deliver(app.queued)
    expect(app.asked[0]?.body.userID).toHaveLength(200_000)
  })

  it('is replayed to the currently configured address', async () => {
    await deadLetter([job({ url: 'https://mistyped.example/callbackAfterQuitGroupCommand' })])
    expect(await asAdmin('/webhook/replay', { all: true })).toEqual({ replayed: 1 })
    expect(app.queued).toEqual([job()])
  })

  it('stays stored when its replay fails', async () => {
    await deadLetter([job(), job({ eventID: 'event-2', name: 'afterJoinGroup' })])
    const { deadLetters } = await asAdmin('/webhook/get_dead_letters')
    const [joined, quit] = deadLetters.map(({ id }: { id: number }) => id)
    expect(await app.call(env, '/webhook/replay', { ids: [joined] })).toMatchObject({ errCode: 1001 })
    expect(await app.call(env, '/webhook/replay', { ids: [quit, 999_999] })).toMatchObject({ errCode: 1004 })
    expect(await app.call(env, '/webhook/replay', { ids: [quit], all: true })).toMatchObject({ errCode: 1001 })
    expect(await app.call(env, '/webhook/replay', {})).toMatchObject({ errCode: 1001 })
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const full = { sendBatch: () => Promise.reject(new Error('the queue is full')) } as unknown as Queue
    const stuck = app.env({ afterQuitGroup: {} }, { WEBHOOK_QUEUE: full })
    expect(await app.call(stuck, '/webhook/replay', { ids: [quit] })).toMatchObject({ errCode: 500 })
    expect(app.queued).toEqual([])
    expect((await asAdmin('/webhook/get_dead_letters')).total).toBe(2)
    expect(await asAdmin('/webhook/delete_dead_letters', { ids: [joined, quit] })).toEqual({ deleted: 2 })
    expect((await asAdmin('/webhook/get_dead_letters')).total).toBe(0)
  })

  it('is dropped when it is malformed, and the delivery log has its IDs but not its body', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(await deadLetter([{ operationID: 'op-9', body: { userID: 'sent to the app' } }])).toMatchObject({
      acked: ['0'],
    })
    const [line = ''] = log.mock.calls.map(([text]) => String(text))
    expect(JSON.parse(line)).toMatchObject({
      message: 'dead letter rejected: not a webhook job',
      operationID: 'op-9',
      messageID: '0',
    })
    expect(line).toContain('eventID')
    expect(line).not.toContain('sent to the app')
  })
})
