import { describe, expect, it } from 'vitest'
import { PushJob } from '../../src/contracts/jobs.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { enqueueOfflinePush, toPushJobs } from '../../src/push/enqueue.ts'

const QUEUE_MESSAGE_BYTES = 128_000
const QUEUE_BATCH_BYTES = 256_000

const messageOf = (given: Partial<MsgData>) => ({
  operationID: 'op',
  conversationID: 'sg_1',
  home: 'sg_1',
  msg: MsgData.encode(MsgData.fromPartial({ clientMsgID: 'c', ...given })).finish(),
})
const bytesOf = (job: unknown) => Buffer.byteLength(JSON.stringify(job))

/** A queue that enforces the limits of Cloudflare Queues. */
function strictQueue() {
  const jobs: PushJob[] = []
  const sendBatch = async (messages: Iterable<{ body: unknown }>) => {
    const bodies = [...messages].map(({ body }) => body)
    if (bodies.length > 100) throw new Error('more than 100 messages')
    if (bodies.some((body) => bytesOf(body) > QUEUE_MESSAGE_BYTES)) throw new Error('a message is too large')
    if (bodies.reduce((sum: number, body) => sum + bytesOf(body), 0) > QUEUE_BATCH_BYTES) throw new Error('too much')
    jobs.push(...bodies.map((body) => PushJob.parse(body)))
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } }
  }
  return { jobs, queue: { sendBatch } }
}

describe('enqueueOfflinePush', () => {
  it('puts up to 200 users into each job, and names every user once', async () => {
    const { jobs, queue } = strictQueue()
    const userIDs = Array.from({ length: 10_000 }, (_, i) => `user-${i}`)
    await enqueueOfflinePush(queue, messageOf({ content: new Uint8Array(1_000) }), userIDs)
    expect(jobs).toHaveLength(50)
    expect(jobs.flatMap((job) => (job.kind === 'ask' ? job.userIDs : []))).toEqual(userIDs)
  })

  it('keeps the limits of the queue with long userIDs and a large message', async () => {
    const { jobs, queue } = strictQueue()
    const userIDs = Array.from({ length: 500 }, (_, i) => `${'用户'.repeat(100)}${i}`)
    await enqueueOfflinePush(queue, messageOf({ content: new Uint8Array(70_000) }), userIDs)
    expect(jobs.flatMap((job) => (job.kind === 'ask' ? job.userIDs : []))).toEqual(userIDs)
  })
})

describe('toPushJobs', () => {
  it('drops the content of a message that is too large for the queue, and keeps the push texts', () => {
    const offlinePushInfo = {
      ...{ title: 'Alice', desc: 'hi', ex: 'x', iOSPushSound: '', iOSBadgeCount: true },
      signalInfo: 's'.repeat(100_000),
    }
    const given = { content: new Uint8Array(900_000), ex: 'y'.repeat(9_000), contentType: 110, offlinePushInfo }
    const [job] = toPushJobs(messageOf(given), [{ userID: 'bob', badge: 1 }])
    expect(bytesOf(job)).toBeLessThan(QUEUE_MESSAGE_BYTES)
    expect(MsgData.decode(Buffer.from(job?.message ?? '', 'base64'))).toMatchObject({
      clientMsgID: 'c',
      contentType: 110,
      offlinePushInfo: { title: 'Alice', desc: 'hi', ex: 'x', iOSBadgeCount: true },
    })
  })
})
