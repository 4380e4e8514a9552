import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { PushJob } from '../../src/contracts/jobs.ts'
import type { Bindings } from '../../src/env.ts'
import { readiness } from '../../src/http/health.ts'
import { consumeQueue } from '../../src/jobs/queue.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { bindings, register, user } from '../rigs/rig.ts'

const GATEWAY = { url: 'https://gateway.example/push', secret: 'a long secret, as it should be', byUserID: true }
const JPUSH = { appKey: 'k', masterSecret: 's', cid: false }

const message = Buffer.from(
  MsgData.encode(MsgData.fromPartial({ clientMsgID: 'c', sessionType: 3, contentType: 101, seq: 1 })).finish(),
).toString('base64')
const base = { operationID: 'op', conversationID: 'sg_1', home: 'sg_1', message }

/** Runs jobs as the queue would, in a deployment with push; returns their outcomes and the jobs that they enqueued. */
async function consume(bodies: unknown[], setting: object = { enable: 'http' }, more: Partial<Bindings> = {}) {
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
    ...more,
  } as unknown as Bindings
  const messages = bodies.map((body, i) => ({
    id: String(i),
    body,
    attempts: 1,
    ack: () => outcomes.push('done'),
    retry: ({ delaySeconds }: { delaySeconds: number }) => outcomes.push(`retry in ${delaySeconds} s`),
  }))
  const batch = { queue: 'openim-edge-push', messages } as unknown as MessageBatch<unknown>
  const execution = createExecutionContext()
  await consumeQueue(batch, env, execution)
  await waitOnExecutionContext(execution)
  return { queued, outcomes }
}

/** Fakes the gateway and JPush; returns the requests that they received. */
function vendors(answer: (url: string) => Response) {
  const received: { url: string; body: { targets: { userID: string }[] } }[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    received.push({ url: String(url), body: JSON.parse(String(init?.body)) })
    return answer(String(url))
  })
  return received
}

afterEach(() => {
  vi.restoreAllMocks()
})

const receivers = (...userIDs: string[]) => userIDs.map((userID) => ({ userID, badge: 1 }))
const OK = () => new Response('{}')

describe('a push job with receivers', () => {
  it('is done when the vendor accepts the push', async () => {
    const received = vendors(OK)
    expect((await consume([{ kind: 'ring', ...base, receivers: receivers('ann', 'bob') }])).outcomes).toEqual(['done'])
    expect(received.map(({ body }) => body.targets.map(({ userID }) => userID))).toEqual([['ann', 'bob']])
  })

  it('is retried completely when every push failed', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    vendors(() => new Response('', { status: 429, headers: { 'retry-after': '40' } }))
    const { queued, outcomes } = await consume([{ kind: 'ring', ...base, receivers: receivers('ann') }])
    expect(outcomes).toEqual(['retry in 40 s'])
    expect(queued).toEqual([])
  })

  it('is replaced by a job for the failed targets, so that no user gets the push twice', async () => {
    vendors(() => new Response(JSON.stringify({ later: [1] }), { headers: { 'retry-after': '9' } }))
    const first = await consume([{ kind: 'ring', ...base, receivers: receivers('ann', 'bob', 'eve') }])
    expect(first.outcomes).toEqual(['done'])
    expect(first.queued).toMatchObject([{ job: { kind: 'retry', targets: [{ userID: 'bob' }] }, delaySeconds: 9 }])
    vi.restoreAllMocks()
    const received = vendors(OK)
    expect((await consume([first.queued[0]?.job])).outcomes).toEqual(['done'])
    expect(received.map(({ body }) => body.targets.map(({ userID }) => userID))).toEqual([['bob']])
  })

  it('retries only the vendor that was busy', async () => {
    const setting = { enable: 'http,jpush', platforms: { IOS: ['jpush'] } }
    vendors((url) => (url.includes('jpush') ? new Response('', { status: 503 }) : OK()))
    const { queued } = await consume([{ kind: 'ring', ...base, receivers: receivers('ann') }], setting)
    expect(queued).toMatchObject([{ job: { kind: 'retry', targets: [{ provider: 'jpush', userID: 'ann' }] } }])
  })

  it('is dropped when offline push was switched off meanwhile', async () => {
    const received = vendors(OK)
    const { outcomes } = await consume([{ kind: 'ring', ...base, receivers: receivers('ann') }], { enable: '' })
    expect(outcomes).toEqual(['done'])
    expect(received).toEqual([])
  })

  it('is run when another message of the batch is malformed', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    vendors(OK)
    const jobs = [{ kind: 'toll' }, { kind: 'ring', ...base, receivers: receivers('ann') }]
    expect([...(await consume(jobs)).outcomes].sort()).toEqual(['done', 'retry in 2 s'])
  })
})

describe('the beforeOfflinePush webhook', () => {
  const info = { title: 'T', desc: 'D', ex: 'E', iOSPushSound: 'S', iOSBadgeCount: true, signalInfo: '' }
  const encoded = (given: object) => {
    const content = Buffer.from(JSON.stringify({ content: 'hello' }))
    const msg = { clientMsgID: 'c', sendID: 'sue', groupID: '1', sessionType: 3, contentType: 101, seq: 1, content }
    return Buffer.from(
      MsgData.encode(MsgData.fromPartial({ ...msg, senderPlatformID: 1, atUserIDList: ['ann'], ...given })).finish(),
    ).toString('base64')
  }
  const withWebhook = (given: object = {}) => ({
    OPENIM_WEBHOOKS: JSON.stringify({ url: 'https://app.example', beforeOfflinePush: { enable: true, ...given } }),
  })

  /** Fakes the app server and the gateway; returns the requests that they received. */
  function fakeServers(answer: object | (() => never), gateway: () => Response = OK) {
    const asked: object[] = []
    const pushed: { targets: { userID: string; badge: number }[]; title: string; body: string }[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      const body = JSON.parse(String(init?.body))
      if (new URL(String(url)).host === 'app.example') {
        asked.push({ ...body, path: new URL(String(url)).pathname })
        return typeof answer === 'function' ? answer() : Response.json(answer)
      }
      pushed.push(body)
      return gateway()
    })
    return { asked, pushed }
  }
  const push = (userIDs: string[], msg: object = {}, hook: object = {}) =>
    consume(
      [{ kind: 'ring', ...base, message: encoded(msg), receivers: receivers(...userIDs) }],
      undefined,
      withWebhook(hook),
    )

  it('sends the receivers and the message to the app server', async () => {
    const { asked, pushed } = fakeServers({})
    expect((await push(['ann', 'bob'], { offlinePushInfo: info })).outcomes).toEqual(['done'])
    expect(asked).toEqual([
      {
        ...{ callbackCommand: 'callbackBeforeOfflinePushCommand', path: '/callbackBeforeOfflinePushCommand' },
        ...{ operationID: 'op', platformID: 1, platform: 'IOS', userIDList: ['ann', 'bob'], ...info },
        ...{ clientMsgID: 'c', sendID: 'sue', groupID: '1', contentType: 101, sessionType: 3 },
        ...{ atUserIDList: ['ann'], content: '{"content":"hello"}' },
      },
    ])
    expect(pushed.map(({ targets }) => targets.map(({ userID }) => userID))).toEqual([['ann', 'bob']])
    expect(pushed[0]).toMatchObject({ title: 'T', body: 'D' })
  })

  it('stops the push when the app server refuses', async () => {
    const { pushed } = fakeServers({ actionCode: 0, nextCode: 1, errCode: 5001 })
    expect(await push(['ann'])).toEqual({ outcomes: ['done'], queued: [] })
    expect(pushed).toEqual([])
  })

  it('changes the texts of the push and of its retry', async () => {
    const wanted = { title: 'New T', desc: 'New D', ex: '', iOSPushSound: '', iOSBadgeCount: false, signalInfo: '' }
    const busy = () => new Response(JSON.stringify({ later: [1] }))
    const { pushed } = fakeServers({ offlinePushInfo: wanted }, busy)
    const { queued } = await push(['ann', 'bob'], { offlinePushInfo: info })
    expect(pushed).toMatchObject([{ title: 'New T', body: 'New D' }])
    vi.restoreAllMocks()
    const retry = fakeServers({})
    expect((await consume([queued[0]?.job], undefined, withWebhook())).outcomes).toEqual(['done'])
    expect(retry.asked).toEqual([])
    expect(retry.pushed).toMatchObject([{ title: 'New T', body: 'New D', targets: [{ userID: 'bob' }] }])
  })

  it('adds the users that the app server names, if these users want the push', async () => {
    await register('hook_eve', 'hook_mute')
    await user('hook_eve').setAppBadge(7)
    await user('hook_mute').setConversation({
      ...{ conversationID: 'sg_1', conversationType: 3, userID: '', groupID: '1' },
      recvMsgOpt: 2,
    })
    const { pushed } = fakeServers({ userIDList: ['bob', 'hook_eve', 'hook_mute', 'nobody', 'bob'] })
    await push(['ann', 'bob'])
    expect(pushed.map(({ targets }) => targets.map(({ userID, badge }) => [userID, badge]))).toEqual([
      [
        ['bob', 1],
        ['hook_eve', 7],
      ],
    ])
  })

  it('keeps the receivers when the app server answers an empty list', async () => {
    const { pushed } = fakeServers({ userIDList: [] })
    await push(['ann'])
    expect(pushed).toMatchObject([{ targets: [{ userID: 'ann' }] }])
  })

  it.each([
    [true, 1],
    [false, 0],
  ])('applies failedContinue %s when the app server does not answer: %d pushes', async (failedContinue, pushes) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { pushed } = fakeServers(() => {
      throw new TypeError('refused')
    })
    expect((await push(['ann'], {}, { failedContinue })).outcomes).toEqual(['done'])
    expect(pushed).toHaveLength(pushes)
  })

  it('stops the push when the app server names more users than one job holds', async () => {
    const { pushed } = fakeServers({ userIDList: Array.from({ length: 201 }, (_, i) => `u${i}`) })
    await push(['ann'])
    expect(pushed).toEqual([])
  })

  it('is not called for typing messages', async () => {
    const { asked } = fakeServers({})
    await push(['ann'], { contentType: 113 })
    expect(asked).toEqual([])
  })
})

describe('a push job that asks the user objects', () => {
  it('enqueues the push for the users who want the push, with their badges', async () => {
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

describe('a deployment with a push key that cannot be used', () => {
  it('makes the readiness check fail without showing the key', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
    const apns = { keyID: 'k', teamID: 't', topic: 'x', key }
    const env = { ...bindings, OPENIM_PUSH: JSON.stringify({ enable: 'apns', apns }) } as Bindings
    expect(await readiness(env)).toEqual({
      ready: false,
      parts: {
        database: 'ok',
        files: 'ok',
        objects: 'ok',
        queues: 'ok',
        push: 'the key of apns in the configuration cannot be used',
      },
    })
  })
})
