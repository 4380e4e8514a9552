import { describe, expect, it, onTestFinished } from 'vitest'
import { type MsgData, MsgData as MsgDataCodec, SendMsgResp } from '../../src/protocol/proto/index.ts'
import { chatIDOf, received, receivedBy, wholeHistory } from './rig/client.ts'
import { startLossyLine } from './rig/lossy-line.ts'
import { type RawClient, REQ, textOf } from './rig/raw-client.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene({ browser: true })

/** The JS SDK reconnects every 5 s, the wasm SDK after at most 16 s. */
const RECONNECT_TIMEOUT_MS = 90_000

describe('a server that is killed', () => {
  it('loses no acknowledged message, and both SDKs reconnect by themselves', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    // The ES5 build, which Node resolves, throws while it syncs after a reconnect: a bug of the SDK.
    const alice = await scene.js(aliceID, { build: 'modern' })
    const bob = await scene.wasm(bobID)
    await alice.sendText(bobID, 'first')
    await bob.sendText(aliceID, 'second')
    await received(alice, 'second')

    // The message is acknowledged, but may not be delivered to Bob yet.
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

  it('delivers messages to a JS client that others sent before the client reconnected', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    // The SDK decides when to reconnect, so her line stays down until every message is sent.
    const line = await startLossyLine(scene.server)
    onTestFinished(() => line.stop())
    const server = { url: scene.server.url, wsUrl: line.wsUrl }
    const alice = await scene.js(aliceID, { build: 'modern', server })
    const early = await scene.raw(bobID)
    await early.deliverText(aliceID, 'before')
    await received(alice, 'before')
    const { mark } = alice.events
    line.goDown()
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
    // The SDK reports the newest ten missed messages. The older ones are in the history.
    expect(receivedBy(alice).map(({ text }) => text)).toEqual(['before', ...missed.slice(-10), 'live'])
    const history = await wholeHistory(alice, bobID, 14)
    expect(history.map(({ text }) => text)).toEqual(['before', ...missed, 'live'])
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_, i) => i + 1))
    expect(alice.events.count('OnSyncServerFailed')).toBe(0)
    expect(alice.errors).toEqual([])
  })

  it.each([20, 150])(
    'keeps acknowledged messages, without gaps or duplicates, when killed after %i messages of a stream',
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

      // A client that got no answers resends its messages.
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

  it('answers a resent message with the first answer, and delivers the message only once', async () => {
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

    // The same clientMsgID from the other user is another message.
    const bobLater = await scene.raw(bobID)
    const theirs = await bobLater.deliverText(aliceID, 'mine has the same id', { clientMsgID })
    expect(theirs.serverMsgID).not.toBe(first.serverMsgID)
    expect((await later.pullAll(bobID)).map(textOf)).toEqual(['only once', 'the next', 'mine has the same id'])
  })

  it('keeps users, tokens and messages when restarted in order', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const alice = await scene.raw(aliceID)
    await alice.deliverText(bobID, 'see you')
    await scene.server.restart()
    // The scene reuses the token from before the restart.
    const bob = await scene.raw(bobID)
    expect((await bob.pullAll(aliceID)).map(textOf)).toEqual(['see you'])
    const aliceAgain = await scene.raw(aliceID)
    await bob.deliverText(aliceID, 'welcome back')
    await aliceAgain.received('welcome back')
  })
})

/** The answers to sent messages that have arrived, by clientMsgID. */
function acknowledged(client: RawClient): Map<string, SendMsgResp> {
  const answers = client
    .responses()
    .filter(({ reqIdentifier, errCode }) => reqIdentifier === REQ.send && errCode === 0)
    .map(({ data }) => SendMsgResp.decode(data))
  return new Map(answers.map((answer) => [answer.clientMsgID, answer]))
}

/** The distinct send times in rising order: equal to the list itself if each is later than the one before. */
function strictlyRising(messages: MsgData[]): number[] {
  return [...new Set(messages.map(({ sendTime }) => sendTime))].sort((a, b) => a - b)
}
