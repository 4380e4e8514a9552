import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, Thread } from '../../sdk/src/client/types.ts'
import { createClient, MemoryStore } from '../../sdk/src/client.ts'
import { type LossyLine, startLossyLine } from './rig/lossy-line.ts'
import { shown, textsOf, until, useOwnClients } from './rig/own-client.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene()
const own = useOwnClients(scene)
let line: LossyLine

beforeAll(async () => {
  line = await startLossyLine(scene.server)
})
afterAll(() => line.stop())

describe('our client after an interruption', () => {
  it('shows the conversations of the last visit before it connects', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const store = new MemoryStore()
    const alice = await own.login(aliceID, { store })
    const bob = await own.login(bobID)
    const bobsThread = bob.openThread({ userID: aliceID })
    bobsThread.send({ kind: 'text', text: 'while online' })
    const thread = alice.openThread({ userID: bobID })
    await shown(thread, 'while online')
    thread.setDraft('unfinished')
    await alice.disconnect()
    bobsThread.send({ kind: 'text', text: 'while offline' })
    await shown(bobsThread, 'while offline')

    const again = createClient({ api: scene.server.url, userID: aliceID, token: () => tokenOf(aliceID), store })
    const stale = await until(again.conversations, ({ conversations }) => conversations[0])
    expect(stale).toMatchObject({
      draft: 'unfinished',
      maxSeq: 1,
      latestMessage: { content: { text: 'while online' } },
    })
    expect(again.conversations.get()).toMatchObject({ isLoaded: true, isStale: true })
    const offline = again.openThread({ userID: bobID })
    await until(offline.state, ({ isLoaded }) => isLoaded)
    expect(textsOf(offline)).toEqual(['while online'])

    const missed: string[] = []
    again.on('message', ({ clientMsgID }) => missed.push(clientMsgID))
    await again.connect()
    const last = await shown(offline, 'while offline')
    expect(textsOf(offline)).toEqual(['while online', 'while offline'])
    expect(missed).toEqual([last.clientMsgID])
    expect(again.conversations.get()).toMatchObject({ isStale: false, totalUnread: 2 })
    await again.disconnect()
  })

  it('sends what the last visit did not send, under the same clientMsgID and in order', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const store = new MemoryStore()
    const before = createClient({ api: scene.server.url, userID: aliceID, token: () => tokenOf(aliceID), store })
    const unsent = ['one', 'two', 'three'].map((text) => before.send({ userID: bobID }, { kind: 'text', text }))
    await before.disconnect()
    const alice = await own.login(aliceID, { store })
    const thread = alice.openThread({ userID: bobID })
    await shown(thread, 'three')
    const { messages } = thread.state.get()
    expect(messages.map(({ clientMsgID }) => clientMsgID)).toEqual(unsent.map(({ clientMsgID }) => clientMsgID))
    expect(messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('shows a message once when its answer was lost', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID, { ws: line.wsUrl })
    const bob = await own.login(bobID)
    const thread = alice.openThread({ userID: bobID })
    thread.send({ kind: 'text', text: 'answered' })
    await shown(thread, 'answered')
    line.loseAnswers()
    const lost = thread.send({ kind: 'text', text: 'lost' })
    const bobsThread = bob.openThread({ userID: aliceID })
    await shown(bobsThread, 'lost')
    line.cut()
    expect(await shown(thread, 'lost')).toMatchObject({ clientMsgID: lost.clientMsgID, seq: 2 })
    await until(alice.connection, ({ status }) => status === 'connected')
    expect(textsOf(thread)).toEqual(['answered', 'lost'])
    expect(textsOf(bobsThread)).toEqual(['answered', 'lost'])
  })

  it('fails a message that the server refuses, and sends it after a retry', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID)
    const bob = await own.login(bobID)
    await bob.block(aliceID)
    const thread = alice.openThread({ userID: bobID })
    const { clientMsgID } = thread.send({ kind: 'text', text: 'blocked' })
    const failed = await until(thread.state, ({ messages }) => messages.find(({ status }) => status === 'failed'))
    expect(failed).toMatchObject({ clientMsgID, error: { reason: 'server', errCode: 1302, isRetryable: false } })
    expect(alice.conversations.get().conversations[0]).toMatchObject({ failedCount: 1 })
    await bob.unblock(aliceID)
    alice.retry(clientMsgID)
    expect(await shown(thread, 'blocked')).toMatchObject({ clientMsgID, status: 'sent' })
  })

  it('ends in the state of a fresh client when the sockets were cut while both users wrote', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await own.login(aliceID, { ws: line.wsUrl })
    const bob = await own.login(bobID, { ws: line.wsUrl })
    const threads = [alice.openThread({ userID: bobID }), bob.openThread({ userID: aliceID })] as const
    for (let i = 0; i < 60; i++) {
      threads[i % 2]?.send({ kind: 'text', text: `m${i}` })
      if (i === 20 || i === 40) line.loseAnswers()
      if (i === 25 || i === 45) line.cut()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const isWhole = (thread: Thread) =>
      until(thread.state, ({ messages }) => messages.length === 60 && messages.every(({ seq }) => seq > 0))
    await Promise.all(threads.map(isWhole))
    const fresh = await own.login(aliceID, { platformID: PLATFORM.linux })
    const whole = fresh.openThread({ userID: bobID })
    await until(whole.state, ({ isLoaded }) => isLoaded)
    while (whole.state.get().hasOlder) await whole.loadOlder()
    const idsOf = (thread: Thread) => thread.state.get().messages.map(({ clientMsgID, seq }) => `${seq} ${clientMsgID}`)
    expect(new Set(textsOf(whole)).size).toBe(60)
    for (const thread of threads) expect(idsOf(thread)).toEqual(idsOf(whole))
    const listed = (client: Client) =>
      client.conversations.get().conversations.map(({ conversationID, maxSeq }) => {
        return { conversationID, maxSeq }
      })
    await until(alice.connection, ({ status }) => status === 'connected')
    expect(listed(alice)).toEqual(listed(fresh))
  })

  it('is kicked by another login of its platform, and does not return', async () => {
    const [aliceID] = await scene.users('alice')
    const alice = await own.login(aliceID)
    const kicked = new Promise((resolve) => alice.on('kicked', resolve))
    const token = await scene.newLogin(aliceID, PLATFORM.web)
    await own.login(aliceID, { token })
    await kicked
    expect(alice.connection.get()).toMatchObject({ status: 'kicked' })
    await expect(alice.call('/user/get_users_info', { userIDs: [aliceID] })).rejects.toMatchObject({ errCode: 1506 })
  })

  it('asks for another token when the server refuses the first, and gives up after a second refusal', async () => {
    const [aliceID] = await scene.users('alice')
    const tokens = ['refused', await tokenOf(aliceID)]
    const alice = await own.login(aliceID, { token: async () => tokens.shift() ?? 'none' })
    expect(alice.connection.get().status).toBe('connected')
    const [bobID] = await scene.users('bob')
    await expect(own.login(bobID, { token: async () => 'refused' })).rejects.toMatchObject({ reason: 'token' })
  })
})

function tokenOf(userID: string): Promise<string> {
  return scene.token(userID, PLATFORM.web)
}
