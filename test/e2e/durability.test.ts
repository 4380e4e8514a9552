import { expect, it, onTestFinished } from 'vitest'
import { type MsgData, MsgData as MsgDataCodec, SendMsgResp } from '../../src/protocol/proto/index.ts'
import { chatIDOf, received, receivedBy, wholeHistory } from './rig/client.ts'
import { startLossyLine } from './rig/lossy-line.ts'
import { type RawClient, REQ, textOf } from './rig/raw-client.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

/** The JS SDK redials every 5 s, the wasm SDK after at most 16 s. */
const RECONNECT_TIMEOUT_MS = 90_000

it('a power cut between two messages: both clients come back by themselves and miss nothing', async () => {
  const [aliceID, bobID] = await scene.users('alice', 'bob')
  // The ES5 build that Node resolves throws while it catches up after a reconnect, which is its own fault.
  const alice = await scene.js(aliceID, { build: 'modern' })
  const bob = await scene.wasm(bobID)
  await alice.sendText(bobID, 'first')
  await bob.sendText(aliceID, 'second')
  await received(alice, 'second')

  // Not waiting for bob to have it: acknowledged is enough.
  const last = await alice.sendText(bobID, 'last before the cut')
  await scene.server.kill9()
  const [aliceMark, bobMark] = [alice.events.mark, bob.events.mark]
  await scene.server.start()
  await Promise.all([
    alice.waitFor('OnSyncServerFinish', undefined, RECONNECT_TIMEOUT_MS, aliceMark),
    bob.waitFor('OnConnectSuccess', undefined, RECONNECT_TIMEOUT_MS, bobMark),
  ])

  await bob.sendText(aliceID, 'is the light back?')
  await received(alice, 'is the light back?')
  await alice.sendText(bobID, 'it is')
  await received(bob, 'it is')
  const texts = ['first', 'second', 'last before the cut', 'is the light back?', 'it is']
  for (const [client, peer] of [
    [alice, bobID],
    [bob, aliceID],
  ] as const) {
    const history = await wholeHistory(client, peer, texts.length)
    expect(history.map(({ text }) => text)).toEqual(texts)
    expect(history.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
    expect(history[2]).toMatchObject({ serverMsgID: last.serverMsgID, sendTime: last.sendTime })
  }
})

it('what is written while a JS client is still redialling is there once it is back', async () => {
  const [aliceID, bobID] = await scene.users('alice', 'bob')
  // How soon she redials is not for the test to know: her line stays dead until all is written.
  const line = await startLossyLine(scene.server)
  onTestFinished(() => line.stop())
  const server = { url: scene.server.url, wsUrl: line.wsUrl }
  const alice = await scene.js(aliceID, { build: 'modern', server })
  const early = await scene.raw(bobID)
  await early.deliverText(aliceID, 'before')
  await received(alice, 'before')
  const { mark } = alice.events
  line.goDead()
  await scene.server.kill9()
  await scene.server.start()

  const bob = await scene.raw(bobID)
  const missed = Array.from({ length: 12 }, (_, i) => `missed ${i + 1}`)
  for (const text of missed) await bob.deliverText(aliceID, text)
  expect(alice.events.count('OnConnectSuccess', mark)).toBe(0)
  line.recover()
  await alice.waitFor('OnSyncServerFinish', undefined, RECONNECT_TIMEOUT_MS, mark)
  await bob.deliverText(aliceID, 'live')
  await received(alice, 'live')
  // The SDK announces the newest ten of what it missed; the rest is there for whoever scrolls back.
  expect(receivedBy(alice).map(({ text }) => text)).toEqual(['before', ...missed.slice(-10), 'live'])
  const history = await wholeHistory(alice, bobID, 14)
  expect(history.map(({ text }) => text)).toEqual(['before', ...missed, 'live'])
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_, i) => i + 1))
  expect(alice.events.count('OnSyncServerFailed')).toBe(0)
  expect(alice.errors).toEqual([])
})

it.each([20, 150])(
  'a power cut %i messages into a stream keeps what was acknowledged, without a gap or a double',
  async (count) => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const before = await scene.raw(aliceID)
    const stream = Array.from({ length: 200 }, (_, i) => before.textTo(bobID, `message ${i}`))
    for (const message of stream) {
      before.sendFrame(before.encode(before.requestOf(REQ.send, MsgDataCodec.encode(message).finish())))
    }
    await before.frames.until(`${count} answers`, () => (acknowledged(before).size >= count ? true : null))
    await scene.server.kill9()
    const kept = acknowledged(before)
    await scene.server.start()

    const alice = await scene.raw(aliceID)
    const stored = await alice.pullAll(bobID)
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, i) => i + 1))
    expect(stored.map(textOf)).toEqual(stream.slice(0, stored.length).map(textOf))
    expect(stored.length).toBeGreaterThanOrEqual(kept.size)
    for (const [clientMsgID, answer] of kept) {
      expect(stored.find((message) => message.clientMsgID === clientMsgID)).toMatchObject({
        serverMsgID: answer.serverMsgID,
        sendTime: answer.sendTime,
      })
    }

    // A client that does not know what became of its messages sends them again.
    for (const message of stream) {
      const again = SendMsgResp.decode((await alice.request(REQ.send, MsgDataCodec.encode(message).finish())).data)
      const first = stored.find(({ clientMsgID }) => clientMsgID === message.clientMsgID)
      if (first) expect(again).toMatchObject({ serverMsgID: first.serverMsgID, sendTime: first.sendTime })
    }
    const bob = await scene.raw(bobID)
    for (const whole of [await alice.pullAll(bobID), await bob.pullAll(aliceID)]) {
      expect(whole.map(textOf)).toEqual(stream.map(textOf))
      expect(whole.map(({ seq }) => seq)).toEqual(stream.map((_, i) => i + 1))
      expect(whole.map(({ sendTime }) => sendTime)).toEqual(strictlyRising(whole))
    }
    await expect.poll(() => bob.newestSeqs()).toEqual({ [chatIDOf(aliceID, bobID)]: 200 })
  },
)

it('a message that is sent again gets the first answer, and nobody gets it twice', async () => {
  const [aliceID, bobID] = await scene.users('alice', 'bob')
  const alice = await scene.raw(aliceID)
  const bob = await scene.raw(bobID)
  const clientMsgID = 'c0ffee00c0ffee00c0ffee00c0ffee00'
  const first = await alice.deliverText(bobID, 'only once', { clientMsgID })
  expect(await alice.deliverText(bobID, 'only once', { clientMsgID })).toEqual(first)
  await alice.deliverText(bobID, 'the next')
  await bob.received('the next')
  expect(bob.pushed().map(textOf)).toEqual(['only once', 'the next'])

  await scene.server.kill9()
  await scene.server.start()
  const later = await scene.raw(aliceID)
  expect(await later.deliverText(bobID, 'only once', { clientMsgID })).toEqual(first)
  expect((await later.pullAll(bobID)).map(({ seq }) => seq)).toEqual([1, 2])

  // The same id from the other side is another message.
  const bobLater = await scene.raw(bobID)
  const theirs = await bobLater.deliverText(aliceID, 'mine has the same id', { clientMsgID })
  expect(theirs.serverMsgID).not.toBe(first.serverMsgID)
  expect((await later.pullAll(bobID)).map(textOf)).toEqual(['only once', 'the next', 'mine has the same id'])
})

it('an orderly stop and start keeps users, tokens and messages', async () => {
  const [aliceID, bobID] = await scene.users('alice', 'bob')
  const alice = await scene.raw(aliceID)
  await alice.deliverText(bobID, 'see you')
  await scene.server.restart()
  // Same token as before.
  const bob = await scene.raw(bobID)
  expect((await bob.pullAll(aliceID)).map(textOf)).toEqual(['see you'])
  const aliceAgain = await scene.raw(aliceID)
  await bob.deliverText(aliceID, 'welcome back')
  await aliceAgain.received('welcome back')
})

/** The answers to sent messages that have come in so far, by clientMsgID. */
function acknowledged(client: RawClient): Map<string, SendMsgResp> {
  const answers = client
    .responses()
    .filter(({ reqIdentifier, errCode }) => reqIdentifier === REQ.send && errCode === 0)
    .map(({ data }) => SendMsgResp.decode(data))
  return new Map(answers.map((answer) => [answer.clientMsgID, answer]))
}

/** What these send times would be if each were later than the one before. */
function strictlyRising(messages: MsgData[]): number[] {
  return [...new Set(messages.map(({ sendTime }) => sendTime))].sort((a, b) => a - b)
}
