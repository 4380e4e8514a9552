import { Backend } from '../load/backend.ts'
import { Requester } from '../load/requester.ts'
import type { Contenders, Scenario } from './scenario.ts'

const OWNER = 30_000
const FIRST_PEER = 30_001
const CONVERSATIONS = 1_000
const WITH_NEWS = 50
const WRITERS = 32

/**
 * A user with 1,000 conversations reconnects; 50 of them have new messages. The device connects, sends both sync
 * requests, and pulls the new messages in one request.
 */
export const reconnect: Scenario = {
  name: 'reconnect',
  async run({ json }, { repeats }, report) {
    const backend = await fill(json)
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const chatWith = (peer: number) => `si_${json.userID(OWNER)}_${json.userID(peer)}`
      const before = await syncOnce(json)
      await writeFrom(backend, peers(WITH_NEWS))
      const begin = performance.now()
      const device = await Requester.connect(json, OWNER)
      const newest = await device.sync()
      const synced = performance.now() - begin
      const news = peers(WITH_NEWS).map((peer) => ({
        conversationID: chatWith(peer),
        begin: (before[chatWith(peer)] ?? 0) + 1,
        end: newest[chatWith(peer)] ?? 0,
      }))
      const pulled = await device.pull(news)
      const ms = performance.now() - begin
      await device.close()
      if (pulled.length !== WITH_NEWS) throw new Error(`${pulled.length} of ${WITH_NEWS} messages were pulled`)
      report({
        scenario: 'reconnect',
        variant: `${CONVERSATIONS} conversations, ${WITH_NEWS} with news`,
        contender: json.name,
        repeat,
        figures: { ms, syncedMs: synced, requests: 4 },
      })
    }
    backend.close()
  },
}

/** Creates the conversations of the user. */
export async function fill(product: Contenders['json']): Promise<Backend> {
  await product.prepare([OWNER, ...peers(CONVERSATIONS)], [])
  const backend = await Backend.of(product, WRITERS)
  await writeFrom(backend, peers(CONVERSATIONS))
  return backend
}

export async function writeFrom(backend: Backend, users: readonly number[]): Promise<void> {
  const left = users.values()
  const writer = async () => {
    for (const user of left) await backend.send(user, OWNER)
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
}

export async function syncOnce(product: Contenders['json']): Promise<Record<string, number>> {
  const device = await Requester.connect(product, OWNER)
  const newest = await device.sync()
  await device.close()
  return newest
}

export const peers = (count: number) => Array.from({ length: count }, (_, i) => FIRST_PEER + i)
