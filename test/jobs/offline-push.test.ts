import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Bindings } from '../../src/env.ts'
import { readiness } from '../../src/http/health.ts'
import { consumeQueue } from '../../src/jobs/queue.ts'
import { PushJob } from '../../src/platform/jobs.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { bindings, user } from '../rig.ts'

const GATEWAY = { url: 'https://gateway.example/push', secret: 'a long secret, as it should be', byUserID: true }
const JPUSH = { appKey: 'k', masterSecret: 's', cid: false }

const message = Buffer.from(
  MsgData.encode(MsgData.fromPartial({ clientMsgID: 'c', sessionType: 3, contentType: 101, seq: 1 })).finish(),
).toString('base64')
const base = { operationID: 'op', conversationID: 'sg_1', home: 'sg_1', message }

/** Runs jobs as the queue would, in a deployment that pushes, and tells what came of them. */
async function consume(bodies: unknown[], setting: object = { enable: 'http' }) {
  const queued: { job: PushJob; delaySeconds: number | undefined }[] = []
  const outcomes: string[] = []
  const sendBatch = async (messages: Iterable<{ body: unknown }>, options?: { delaySeconds?: number }) => {
    for (const { body } of messages) queued.push({ job: PushJob.parse(body), delaySeconds: options?.delaySeconds })
  }
  const env = {
    ...bindings,
    OPENIM_LOG_LEVEL: 'error',
    OPENIM_PUSH: JSON.stringify({ http: GATEWAY, jpush: JPUSH, ...setting }),
    PUSH_QUEUE: { sendBatch },
  } as unknown as Bindings
  const messages = bodies.map((body, i) => ({
    id: String(i),
    body,
    attempts: 1,
    ack: () => outcomes.push('done'),
    retry: ({ delaySeconds }: { delaySeconds: number }) => outcomes.push(`again in ${delaySeconds} s`),
  }))
  const batch = { queue: 'openim-edge-push', messages } as unknown as MessageBatch<unknown>
  await consumeQueue(batch, env)
  return { queued, outcomes }
}

/** The gateway and JPush; what they were told, and how they answer. */
function vendors(answer: (url: string) => Response) {
  const told: { url: string; body: { targets: { userID: string }[] } }[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    told.push({ url: String(url), body: JSON.parse(String(init?.body)) })
    return answer(String(url))
  })
  return told
}

afterEach(() => {
  vi.restoreAllMocks()
})

const receivers = (...userIDs: string[]) => userIDs.map((userID) => ({ userID, badge: 1 }))
const OK = () => new Response('{}')

describe('a job that rings', () => {
  it('is done when the vendor has it', async () => {
    const told = vendors(OK)
    expect((await consume([{ kind: 'ring', ...base, receivers: receivers('ann', 'bob') }])).outcomes).toEqual(['done'])
    expect(told.map(({ body }) => body.targets.map(({ userID }) => userID))).toEqual([['ann', 'bob']])
  })

  it('comes again as a whole when nothing could be done', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    vendors(() => new Response('', { status: 429, headers: { 'retry-after': '40' } }))
    const { queued, outcomes } = await consume([{ kind: 'ring', ...base, receivers: receivers('ann') }])
    expect(outcomes).toEqual(['again in 40 s'])
    expect(queued).toEqual([])
  })

  it('goes on with what is left, and rings nobody twice', async () => {
    vendors(() => new Response(JSON.stringify({ later: [1] }), { headers: { 'retry-after': '9' } }))
    const first = await consume([{ kind: 'ring', ...base, receivers: receivers('ann', 'bob', 'eve') }])
    expect(first.outcomes).toEqual(['done'])
    expect(first.queued).toMatchObject([{ job: { kind: 'retry', targets: [{ userID: 'bob' }] }, delaySeconds: 9 }])
    vi.restoreAllMocks()
    const told = vendors(OK)
    expect((await consume([first.queued[0]?.job])).outcomes).toEqual(['done'])
    expect(told.map(({ body }) => body.targets.map(({ userID }) => userID))).toEqual([['bob']])
  })

  it('goes on with the vendor that was busy, and not with the other', async () => {
    const setting = { enable: 'http,jpush', platforms: { IOS: ['jpush'] } }
    vendors((url) => (url.includes('jpush') ? new Response('', { status: 503 }) : OK()))
    const { queued } = await consume([{ kind: 'ring', ...base, receivers: receivers('ann') }], setting)
    expect(queued).toMatchObject([{ job: { kind: 'retry', targets: [{ provider: 'jpush', userID: 'ann' }] } }])
  })

  it('is dropped when nobody is rung any more', async () => {
    const told = vendors(OK)
    const { outcomes } = await consume([{ kind: 'ring', ...base, receivers: receivers('ann') }], { enable: '' })
    expect(outcomes).toEqual(['done'])
    expect(told).toEqual([])
  })

  it('that is no job holds up none of the others', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    vendors(OK)
    const jobs = [{ kind: 'toll' }, { kind: 'ring', ...base, receivers: receivers('ann') }]
    expect([...(await consume(jobs)).outcomes].sort()).toEqual(['again in 2 s', 'done'])
  })
})

describe('a job that asks', () => {
  it('rings those who want it, with their badge', async () => {
    await user('ann').setAppBadge(4)
    await user('bob').setConversation({
      ...{ conversationID: 'sg_1', conversationType: 3, userID: '', groupID: '1' },
      recvMsgOpt: 2,
    })
    const { queued, outcomes } = await consume([{ kind: 'ask', ...base, userIDs: ['ann', 'bob'] }])
    expect(outcomes).toEqual(['done'])
    expect(queued.map(({ job }) => job)).toEqual([{ kind: 'ring', ...base, receivers: [{ userID: 'ann', badge: 4 }] }])
  })
})

describe('a deployment whose push key is no good', () => {
  it('says so when it is asked whether it is ready, and not what the key is', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
    const apns = { keyID: 'k', teamID: 't', topic: 'x', key }
    const env = { ...bindings, OPENIM_PUSH: JSON.stringify({ enable: 'apns', apns }) } as Bindings
    expect(await readiness(env)).toEqual({
      ready: false,
      parts: { database: 'ok', files: 'ok', push: 'the key of apns in the configuration is not one that it can use' },
    })
  })
})
