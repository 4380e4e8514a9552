import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ScanLimits } from '../../../src/features/message/history/scan-logs.ts'
import { searchMsg } from '../../../src/features/message/history/search-messages.ts'
import { SearchMsgReq } from '../../../src/features/message/schema.ts'
import { DAY_MS } from '../../../src/platform/durations.ts'
import { type CallerContext, createContext } from '../../../src/runtime/context.ts'
import {
  adminToken,
  appendItem,
  bindings,
  conversation,
  post,
  register,
  textMessage,
  until,
  user,
  userToken,
} from '../../rigs/rig.ts'
import { seedGroup } from '../../rigs/seed-group.ts'

/** Noon of 28 February 2024, plus a number of days. */
const noon = (day: number) => Date.parse('2024-02-28T12:00:00Z') + day * DAY_MS

interface Found {
  chatLog: Record<string, unknown> & { content: string; sendTime: number }
  isRevoked: boolean
}

const search = async (given: object, token?: string) => {
  const pagination = { pageNumber: 1, showNumber: 50 }
  const reply = await post('/msg/search_msg', { pagination, ...given }, token ?? (await adminToken()))
  const chatLogs: Found[] = reply.data?.chatLogs ?? []
  return { ...reply, texts: chatLogs.map(wordsOf), chatLogs, total: reply.data?.chatLogsNum }
}

const wordsOf = ({ chatLog }: Found): string => {
  const element = JSON.parse(chatLog.content)
  return element.content ?? element.text ?? element.fileName ?? element.data ?? element.detail
}

const send = async (sendID: string, recvID: string, content: object, sendTime: number, contentType = 101) => {
  const body = { sendID, recvID, content, contentType, sessionType: 1, sendTime, ex: 'e', senderPlatformID: 3 }
  const reply = await post('/msg/send_msg', body, await adminToken())
  if (reply.errCode !== 0) throw new Error(JSON.stringify(reply))
  return reply.data
}

/** Runs the alarm that adds a conversation to the directory some seconds after its first message. */
async function runAlarms(...conversationIDs: string[]): Promise<void> {
  for (const id of conversationIDs) await runDurableObjectAlarm(bindings.CONVERSATION.getByName(id))
}

let first: { serverMsgID: string; clientMsgID: string; sendTime: number }

beforeAll(async () => {
  await register('alice', 'bob', 'carol')
  await post(
    '/user/user_register',
    { users: [{ userID: 'news', nickname: 'News', appMangerLevel: 3 }] },
    await adminToken(),
  )
  first = await send('alice', 'bob', { content: 'Good Morning' }, noon(0))
  await send('bob', 'alice', { content: 'good evening' }, noon(1))
  await send('alice', 'carol', { content: 'hello' }, noon(0) + 1)
  await send('carol', 'alice', { sourceUrl: 'https://x/morning', fileName: 'report.pdf', fileSize: 1 }, noon(2), 105)
  await send('alice', 'bob', { text: 'indeed', quoteMessage: { textElem: { content: 'hello' } } }, noon(3), 114)
  const notice = { notificationName: 'Big "news"', notificationType: 1, text: 'A good offer' }
  await send('news', 'bob', notice, noon(4), 1400)
  const members = ['alice', 'carol']
  await seedGroup('g1', members)
  await conversation('sg_g1').append([
    appendItem({
      ...{ sendID: 'carol', recvID: '', groupID: 'g1', clientMsgID: 'in-group', sessionType: 3, sendTime: noon(5) },
      ...{
        skipSender: false,
        msg: textMessage('carol', '', 'in-group', 'good for all', { groupID: 'g1', sessionType: 3 }),
      },
    }),
  ])
  await until(
    async () =>
      (await user('carol').conversationHomes()).includes('sg_g1') &&
      (await user('bob').conversationHomes()).length === 2,
  )
  await runAlarms('si_alice_bob', 'si_alice_carol', 'sn_bob_news', 'sg_g1')
  await until(async () => (await search({})).total === 7)
})

describe('search_msg', () => {
  it('finds all messages without filters, newest first', async () => {
    const { texts, chatLogs, total } = await search({})
    expect(total).toBe(7)
    expect(texts.slice(0, 1)).toEqual(['good for all'])
    expect(texts.slice(2)).toEqual(['indeed', 'report.pdf', 'good evening', 'hello', 'Good Morning'])
    const times = chatLogs.map(({ chatLog }) => chatLog.sendTime)
    expect(times).toEqual([...times].sort((a, b) => b - a))
  })

  it('returns each message with all fields of OpenIM', async () => {
    const { chatLogs } = await search({ sendID: 'alice', recvID: 'bob', contentType: 101 })
    expect(chatLogs).toEqual([
      {
        chatLog: {
          ...first,
          ...{ sendID: 'alice', recvID: 'bob', groupID: '', recvNickname: 'nick of bob', senderPlatformID: 3 },
          ...{ senderNickname: 'nick of alice', senderFaceURL: '', groupName: '', sessionType: 1, msgFrom: 200 },
          ...{ contentType: 101, content: '{"content":"Good Morning"}', status: 2, createTime: expect.any(Number) },
          ...{ ex: 'e', groupFaceURL: '', groupMemberCount: 0, seq: 1, groupOwner: '', groupType: 0 },
        },
        isRevoked: false,
      },
    ])
    const inGroup = await search({ recvID: 'g1' })
    expect(inGroup.chatLogs[0]?.chatLog).toMatchObject({
      ...{ sendID: 'carol', recvID: 'g1', groupID: 'g1', sessionType: 3, groupName: 'Friends', groupOwner: 'alice' },
      ...{ groupFaceURL: 'https://x/g.png', groupMemberCount: 2, groupType: 2, senderNickname: 'nick of carol' },
    })
  })

  it.each([
    ['a sender', { sendID: 'alice' }, ['indeed', 'hello', 'Good Morning']],
    ['a sender, in groups too', { sendID: 'carol' }, ['good for all', 'report.pdf']],
    ['a receiver', { recvID: 'alice' }, ['report.pdf', 'good evening']],
    ['a group', { recvID: 'g1' }, ['good for all']],
    ['sender and receiver', { sendID: 'alice', recvID: 'bob' }, ['indeed', 'Good Morning']],
    ['sender and group', { sendID: 'carol', recvID: 'g1' }, ['good for all']],
    ['two users without a conversation', { sendID: 'bob', recvID: 'carol' }, []],
    ['an unknown sender', { sendID: 'nobody' }, []],
    ['an unknown receiver', { sendID: 'alice', recvID: 'nobody' }, []],
    ['a content type', { contentType: 105 }, ['report.pdf']],
    ['a content type and a sender', { contentType: 101, sendID: 'bob' }, ['good evening']],
    ['a day', { sendTime: '2024-02-28' }, ['hello', 'Good Morning']],
    ['a leap day', { sendTime: '2024-02-29' }, ['good evening']],
    ['another day', { sendTime: '2024-03-20' }, []],
    ['groups only', { sessionType: 3 }, ['good for all']],
    ['one-to-one chats of one sender', { sessionType: 1, sendID: 'carol' }, ['report.pdf']],
    ['a session type without conversations', { sessionType: 2 }, []],
    ['text in any case', { text: 'GOOD m' }, ['Good Morning']],
    ['text in the field content', { content: 'evening' }, ['good evening']],
    ['the name of a file', { text: 'report' }, ['report.pdf']],
    ['text that occurs only in a URL', { text: 'x/morning' }, []],
    ['text that occurs only in a quote', { text: 'hello', contentType: 114 }, []],
    ['text in a group', { text: 'good', recvID: 'g1' }, ['good for all']],
    ['the name of a JSON field', { text: 'fileName' }, []],
    ['text and a day', { text: 'good', sendTime: '2024-02-29' }, ['good evening']],
  ])('filters by %s', async (_what, given, texts) => {
    const reply = await search(given)
    expect(reply.texts).toEqual(texts)
    expect(reply.total).toBe(texts.length)
  })

  it.each([
    ['its sender', { sendID: 'news' }],
    ['its receiver', { recvID: 'bob', contentType: 1400 }],
    ['its sender and receiver', { sendID: 'news', recvID: 'bob' }],
    ['its session type', { sessionType: 4 }],
    ['text inside it', { text: 'big "news"' }],
  ])('finds a notification by %s', async (_what, given) => {
    const { texts, total } = await search(given)
    expect(total).toBe(1)
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ text: 'A good offer' })
  })

  it('returns pages, each with the total count', async () => {
    const pages = await Promise.all(
      [1, 2, 3, 4].map((pageNumber) => search({ pagination: { pageNumber, showNumber: 3 } })),
    )
    expect(pages.map(({ total }) => total)).toEqual([7, 7, 7, 7])
    expect(pages.map(({ texts }) => texts.length)).toEqual([3, 3, 1, 0])
    expect(pages.flatMap(({ texts }) => texts)).toEqual((await search({})).texts)
    expect(await search({ pagination: { pageNumber: 1, showNumber: 0 } })).toMatchObject({ total: 7, texts: [] })
  })

  it('finds a revoked message as its revoke notice, and does not find an erased one', async () => {
    await send('bob', 'carol', { content: 'oops' }, 0)
    await send('bob', 'carol', { content: 'erased' }, 0)
    await until(async () => (await user('bob').conversationHomes()).includes('si_bob_carol'))
    const at = { conversationID: 'si_bob_carol', userID: 'bob' }
    expect((await post('/msg/revoke_msg', { ...at, seq: 1 }, await userToken('bob'))).errCode).toBe(0)
    await post('/msg/delete_msg_phsical_by_seq', { ...at, seqs: [2] }, await adminToken())
    const { chatLogs, total } = await search({ sendID: 'bob', recvID: 'carol' })
    expect(total).toBe(1)
    expect(chatLogs[0]).toMatchObject({ isRevoked: true, chatLog: { contentType: 2101, seq: 1 } })
  })

  it('requires an administrator, unlike OpenIM', async () => {
    expect(await search({}, await userToken('alice'))).toMatchObject({ errCode: 1002 })
  })

  it.each([
    ['a missing pagination', { pagination: null }, 'pagination'],
    ['page 0', { pagination: { pageNumber: 0, showNumber: 1 } }, 'pagination'],
    ['a page of 1,000', { pagination: { pageNumber: 1, showNumber: 1000 } }, 'pagination.showNumber'],
    ['a time of day', { sendTime: '2024-02-28 12:00' }, 'sendTime'],
    ['a day that does not exist', { sendTime: '2024-02-31' }, 'sendTime'],
    ['a month that does not exist', { sendTime: '2024-13-01' }, 'sendTime'],
    ['a day as a number', { sendTime: 1 }, 'sendTime'],
    ['an invented continuation', { continuation: 'abc' }, 'continuation'],
    ['a sender that is a list', { sendID: ['alice'] }, 'sendID'],
    ['a text of 1,000 characters', { text: 'x'.repeat(1000) }, 'text'],
  ])('refuses %s', async (_what, given, field) => {
    const reply = await search(given)
    expect(reply.errCode).toBe(1001)
    expect(reply.errDlt.startsWith(`${field}: `)).toBe(true)
  })

  it('writes no rows', async () => {
    const stub = bindings.CONVERSATION.getByName('si_alice_bob')
    const size = () => runInDurableObject(stub, (_object, { storage }) => storage.sql.databaseSize)
    const before = await size()
    await search({ sendID: 'alice', recvID: 'bob', text: 'good' })
    expect(await size()).toBe(before)
  })
})

describe('search_msg in several calls', () => {
  const ctx: CallerContext = {
    ...createContext(bindings, 'op'),
    caller: { userID: 'imAdmin', platformID: 10, isAdmin: true },
  }

  async function inParts(given: object, limits: ScanLimits) {
    const parts: number[][] = []
    for (let continuation: string | undefined = ''; continuation !== undefined; ) {
      const pagination = { pageNumber: 1, showNumber: 50 }
      const reply = await searchMsg(ctx, SearchMsgReq.parse({ ...given, pagination, continuation }), limits)
      expect(reply.chatLogsNum).toBe(reply.chatLogs.length)
      parts.push(reply.chatLogs.map(({ chatLog }) => chatLog.sendTime))
      continuation = reply.continuation
    }
    return parts
  }

  it('continues until every message was found once, with each part newest first', async () => {
    const whole = (await search({})).chatLogs.map(({ chatLog }) => chatLog.sendTime)
    for (const limits of [
      { maxParallel: 1, messagesPerStep: 1, maxSteps: 1, maxScanned: 1_000 },
      { maxParallel: 2, messagesPerStep: 2, maxSteps: 3, maxScanned: 1_000 },
      { maxParallel: 16, messagesPerStep: 1, maxSteps: 100, maxScanned: 3 },
    ]) {
      const parts = await inParts({}, limits)
      expect(parts.length).toBeGreaterThan(1)
      for (const part of parts) expect(part).toEqual([...part].sort((a, b) => b - a))
      expect(parts.flat().sort((a, b) => b - a)).toEqual(whole)
    }
  })

  it('keeps the order newest first across the parts of one conversation', async () => {
    const parts = await inParts(
      { sendID: 'alice', recvID: 'bob' },
      { maxParallel: 1, messagesPerStep: 1, maxSteps: 1, maxScanned: 1_000 },
    )
    expect(parts.flat()).toEqual([noon(3), noon(0)])
  })
})
