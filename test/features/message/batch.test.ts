import { beforeAll, describe, expect, it } from 'vitest'
import type { TransferJob } from '../../../src/contracts/jobs.ts'
import { MAX_DIRECT_RECEIVERS, sendToAll, sendToUsers } from '../../../src/features/message/send/batch-send-msg.ts'
import type { MsgData } from '../../../src/protocol/proto/index.ts'
import { type Context, createContext } from '../../../src/runtime/context.ts'
import {
  adminToken,
  bindings,
  Device,
  post,
  type ReplyBody,
  register,
  textMessage,
  textOf,
  until,
  user,
  userToken,
} from '../../rigs/rig.ts'

const batch = async (given: object): Promise<ReplyBody> => {
  const body = { sendID: 'news', content: { content: 'to many' }, contentType: 101, sessionType: 1, recvIDs: [] }
  return post('/msg/batch_send_msg', { ...body, ...given }, await adminToken())
}

beforeAll(async () => {
  await register('alice', 'bob', 'carol', 'dave')
  await post(
    '/user/user_register',
    { users: [{ userID: 'news', nickname: 'News', appMangerLevel: 3 }] },
    await adminToken(),
  )
})

describe('batch_send_msg to few receivers', () => {
  it('sends each receiver a separate message, and lists the receivers that failed', async () => {
    const devices = await Promise.all(['alice', 'bob'].map((userID) => Device.connect(userID)))
    const userInfo = { userID: 'carol', globalRecvMsgOpt: 1 }
    await post('/user/update_user_info_ex', { userInfo }, await userToken('carol'))
    const reply = await batch({ recvIDs: ['alice', 'nobody', 'bob', 'carol', 'alice'] })
    expect(reply.errCode).toBe(0)
    expect(Object.keys(reply.data).sort()).toEqual(['failedUserIDs', 'results'])
    expect(reply.data.failedUserIDs.sort()).toEqual(['carol', 'nobody'])
    expect(reply.data.results.map((result: { recvID: string }) => result.recvID)).toEqual(['alice', 'bob'])
    expect(new Set(reply.data.results.map((result: { clientMsgID: string }) => result.clientMsgID)).size).toBe(2)
    await until(() => devices.every((device) => device.received().length === 1))
    for (const [i, device] of devices.entries()) {
      const { recvID, ...ids } = reply.data.results[i]
      expect(device.received()[0]).toMatchObject({
        conversationID: `si_${recvID}_news`,
        msg: { recvID, seq: 1, ...ids },
      })
      expect(textOf(device.received()[0]?.msg as MsgData)).toBe('to many')
    }
  })

  it('writes to the notification conversation of each receiver when a notification account sends', async () => {
    const content = { notificationName: 'N', notificationType: 1, text: 'T' }
    const reply = await batch({ recvIDs: ['alice', 'bob'], contentType: 1400, content })
    expect(reply.data.failedUserIDs).toEqual([])
    await expect.poll(async () => (await user('bob').newestSeqs()).sn_bob_news).toBe(1)
    await expect.poll(async () => (await user('alice').newestSeqs()).sn_alice_news).toBe(1)
    expect(await batch({ sendID: 'dave', recvIDs: ['bob'], contentType: 1400, content })).toMatchObject({
      errCode: 1002,
    })
  })

  it('sends no message twice when a call is repeated with the same clientMsgID', async () => {
    const once = { recvIDs: ['dave'], clientMsgID: 'campaign-1' }
    const first = await batch(once)
    expect(await batch(once)).toEqual(first)
    expect((await batch({ recvIDs: ['dave'] })).data.results[0].serverMsgID).not.toBe(first.data.results[0].serverMsgID)
    await expect.poll(async () => (await user('dave').newestSeqs()).si_dave_news).toBe(2)
  })

  it('requires recvIDs even with isSendAll, and accepts an empty recvIDs', async () => {
    expect((await batch({ recvIDs: undefined, isSendAll: true })).errDlt).toMatch(/^recvIDs: /)
    expect((await batch({ recvIDs: [''] })).errCode).toBe(1001)
    expect((await batch({ content: { content: '' } })).errCode).toBe(1001)
    expect((await batch({})).errDlt).toBe('recvIDs: name at least one user, or set isSendAll')
    expect((await batch({ sendID: 'nobody', recvIDs: ['bob'] })).data).toEqual({ results: [], failedUserIDs: ['bob'] })
  })

  it('sends to all registered users directly when there are few users', async () => {
    const reply = await batch({ isSendAll: true, recvIDs: [] })
    // The administrator is registered at its first use, so it may be missing here.
    const all = reply.data.results.map((result: { recvID: string }) => result.recvID)
    expect(all).toEqual(expect.arrayContaining(['alice', 'bob', 'dave', 'news']))
    expect(reply.data.failedUserIDs).toEqual(['carol'])
  })
})

describe('batch_send_msg to many receivers', () => {
  const strangers = Array.from({ length: MAX_DIRECT_RECEIVERS }, (_, i) => `stranger_${i}`)

  it('queues the message and delivers it to the receivers that exist', async () => {
    const bob = await Device.connect('bob')
    const reply = await batch({ recvIDs: [...strangers, 'bob'] })
    expect(reply).toMatchObject({
      errCode: 0,
      data: { results: [], failedUserIDs: [], queuedNum: MAX_DIRECT_RECEIVERS + 1 },
    })
    await until(() => bob.received().length === 1)
    expect(textOf(bob.received()[0]?.msg as MsgData)).toBe('to many')
  })

  it('refuses a message that is too large for the queue', async () => {
    const reply = await batch({ recvIDs: [...strangers, 'bob'], content: { content: 'x'.repeat(70_000) } })
    expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringMatching(/^content: /) })
    expect((await batch({ recvIDs: ['bob'], content: { content: 'x'.repeat(70_000) } })).errCode).toBe(0)
  })
})

describe('sendToAll and sendToUsers', () => {
  /** A context that collects jobs instead of queueing them. */
  function collectingJobs(): { ctx: Context; jobs: TransferJob[] } {
    const jobs: TransferJob[] = []
    const ctx = { ...createContext(bindings, 'op'), enqueue: async (job: TransferJob) => void jobs.push(job) }
    return { ctx, jobs }
  }

  const draft = Buffer.from(textMessage('news', '', '', 'by queue')).toString('base64')
  const job = { operationID: 'op', batchID: 'b', draft, exempt: true }

  it('covers every user once, in order, and continues after the given userID', async () => {
    const crowd = Array.from({ length: 1000 }, (_, i) => ({ userID: `crowd_${i}`, nickname: 'c' }))
    for (const users of [crowd.slice(0, 500), crowd.slice(500)]) {
      await post('/user/user_register', { users }, await adminToken())
    }
    const { ctx, jobs } = collectingJobs()
    await sendToAll(ctx, { kind: 'send-to-all', ...job, after: '' })
    const recvIDs = jobs.flatMap((queued) => (queued.kind === 'send-to-users' ? queued.recvIDs : []))
    expect(recvIDs).toEqual([...recvIDs].sort())
    expect(new Set(recvIDs).size).toBe(recvIDs.length)
    expect(recvIDs).toEqual(expect.arrayContaining(['alice', 'news', ...crowd.map((one) => one.userID)]))
    expect(jobs.every((queued) => JSON.stringify(queued).length < 128_000)).toBe(true)
    jobs.length = 0
    await sendToAll(ctx, { kind: 'send-to-all', ...job, after: 'crowd_99' })
    expect(jobs.flatMap((queued) => (queued.kind === 'send-to-users' ? queued.recvIDs : []))).not.toContain('crowd_1')
  })

  it('sends no message twice when a job is repeated', async () => {
    const { ctx } = collectingJobs()
    const repeated = { kind: 'send-to-users' as const, ...job, recvIDs: ['alice', 'nobody', 'dave'] }
    await sendToUsers(ctx, repeated)
    const after = await user('dave').newestSeqs()
    await sendToUsers(ctx, repeated)
    await expect.poll(() => user('dave').newestSeqs()).toEqual(after)
  })
})
