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

/** Runs jobs as the queue would, in a deployment that pushes, and tells what came of them. */
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
    retry: ({ delaySeconds }: { delaySeconds: number }) => outcomes.push(`again in ${delaySeconds} s`),
  }))
  const batch = { queue: 'openim-edge-push', messages } as unknown as MessageBatch<unknown>
  const execution = createExecutionContext()
  await consumeQueue(batch, env, execution)
  await waitOnExecutionContext(execution)
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

describe('the app, before phones are rung,', () => {
  const info = { title: 'T', desc: 'D', ex: 'E', iOSPushSound: 'S', iOSBadgeCount: true, signalInfo: '' }
  const encoded = (given: object) => {
    const content = Buffer.from(JSON.stringify({ content: 'hello' }))
    const msg = { clientMsgID: 'c', sendID: 'sue', groupID: '1', sessionType: 3, contentType: 101, seq: 1, content }
    return Buffer.from(
      MsgData.encode(MsgData.fromPartial({ ...msg, senderPlatformID: 1, atUserIDList: ['ann'], ...given })).finish(),
    ).toString('base64')
  }
  const hooked = (given: object = {}) => ({
    OPENIM_WEBHOOKS: JSON.stringify({ url: 'https://app.example', beforeOfflinePush: { enable: true, ...given } }),
  })

  /** What the app was asked and what the gateway was told, when both answer so. */
  function world(answer: object | (() => never), gateway: () => Response = OK) {
    const asked: object[] = []
    const told: { targets: { userID: string; badge: number }[]; title: string; body: string }[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
      const body = JSON.parse(String(init?.body))
      if (new URL(String(url)).host === 'app.example') {
        asked.push({ ...body, path: new URL(String(url)).pathname })
        return typeof answer === 'function' ? answer() : Response.json(answer)
      }
      told.push(body)
      return gateway()
    })
    return { asked, told }
  }
  const ring = (userIDs: string[], msg: object = {}, hook: object = {}) =>
    consume(
      [{ kind: 'ring', ...base, message: encoded(msg), receivers: receivers(...userIDs) }],
      undefined,
      hooked(hook),
    )

  it('is asked who is rung and for what', async () => {
    const { asked, told } = world({})
    expect((await ring(['ann', 'bob'], { offlinePushInfo: info })).outcomes).toEqual(['done'])
    expect(asked).toEqual([
      {
        ...{ callbackCommand: 'callbackBeforeOfflinePushCommand', path: '/callbackBeforeOfflinePushCommand' },
        ...{ operationID: 'op', platformID: 1, platform: 'IOS', userIDList: ['ann', 'bob'], ...info },
        ...{ clientMsgID: 'c', sendID: 'sue', groupID: '1', contentType: 101, sessionType: 3 },
        ...{ atUserIDList: ['ann'], content: '{"content":"hello"}' },
      },
    ])
    expect(told.map(({ targets }) => targets.map(({ userID }) => userID))).toEqual([['ann', 'bob']])
    expect(told[0]).toMatchObject({ title: 'T', body: 'D' })
  })

  it('may refuse, and nobody is rung', async () => {
    const { told } = world({ actionCode: 0, nextCode: 1, errCode: 5001 })
    expect(await ring(['ann'])).toEqual({ outcomes: ['done'], queued: [] })
    expect(told).toEqual([])
  })

  it('may choose other words, and they are those of a second try, too', async () => {
    const wanted = { title: 'New T', desc: 'New D', ex: '', iOSPushSound: '', iOSBadgeCount: false, signalInfo: '' }
    const busy = () => new Response(JSON.stringify({ later: [1] }))
    const { told } = world({ offlinePushInfo: wanted }, busy)
    const { queued } = await ring(['ann', 'bob'], { offlinePushInfo: info })
    expect(told).toMatchObject([{ title: 'New T', body: 'New D' }])
    vi.restoreAllMocks()
    const again = world({})
    expect((await consume([queued[0]?.job], undefined, hooked())).outcomes).toEqual(['done'])
    expect(again.asked).toEqual([])
    expect(again.told).toMatchObject([{ title: 'New T', body: 'New D', targets: [{ userID: 'bob' }] }])
  })

  it('may choose other users, of whom those are rung who want it', async () => {
    await register('hook_eve', 'hook_mute')
    await user('hook_eve').setAppBadge(7)
    await user('hook_mute').setConversation({
      ...{ conversationID: 'sg_1', conversationType: 3, userID: '', groupID: '1' },
      recvMsgOpt: 2,
    })
    const { told } = world({ userIDList: ['bob', 'hook_eve', 'hook_mute', 'nobody', 'bob'] })
    await ring(['ann', 'bob'])
    expect(told.map(({ targets }) => targets.map(({ userID, badge }) => [userID, badge]))).toEqual([
      [
        ['bob', 1],
        ['hook_eve', 7],
      ],
    ])
  })

  it('that chooses nobody leaves it at those who were to be rung', async () => {
    const { told } = world({ userIDList: [] })
    await ring(['ann'])
    expect(told).toMatchObject([{ targets: [{ userID: 'ann' }] }])
  })

  it.each([
    [true, 1],
    [false, 0],
  ])('that is away is passed over with failedContinue %s in %d pushes', async (failedContinue, pushes) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { told } = world(() => {
      throw new TypeError('refused')
    })
    expect((await ring(['ann'], {}, { failedContinue })).outcomes).toEqual(['done'])
    expect(told).toHaveLength(pushes)
  })

  it('that names more users than can be rung at once stops the push', async () => {
    const { told } = world({ userIDList: Array.from({ length: 201 }, (_, i) => `u${i}`) })
    await ring(['ann'])
    expect(told).toEqual([])
  })

  it('is not asked of typing', async () => {
    const { asked } = world({})
    await ring(['ann'], { contentType: 113 })
    expect(asked).toEqual([])
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
      parts: {
        database: 'ok',
        files: 'ok',
        objects: 'ok',
        queues: 'ok',
        push: 'the key of apns in the configuration is not one that it can use',
      },
    })
  })
})
