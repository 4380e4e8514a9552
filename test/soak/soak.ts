import { randomUUID } from 'node:crypto'
import { groupConversationID, singleConversationID } from '../../src/protocol/conversation-id.ts'
import { rest } from '../e2e/rig/rest.ts'
import { type Server, sleep, startServer } from '../e2e/rig/server.ts'
import type { Ledger, Verdict } from './ledger.ts'
import { type Chat, SoakUser } from './soak-user.ts'
import { verify } from './verify.ts'

export interface SoakOptions {
  seconds: number
  users: number
  /** Pause between two messages of one user, on average. */
  pauseMs: number
  /** Average time between two SIGKILLs of the running server, seconds; 0 = none. */
  killEverySeconds: number
  /** Average time between two orderly restarts, as a deployment makes them, seconds; 0 = none. */
  deployEverySeconds: number
  /** Decides every choice except those of the clock. */
  seed: number
  report(line: string): void
}

export interface SoakResult {
  verdict: Verdict
  messages: number
  retries: number
  pushes: number
  kills: number
  deploys: number
  cuts: number
  offline: number
}

const WEB = 5
const IOS = 1

/**
 * Runs users on both envelopes against a server of its own, with retries, cut sockets, offline times, SIGKILLs and
 * restarts, then lets everything come to rest and compares every device with the server. Bounded in time.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const random = generator(options.seed)
  const server = await startServer()
  const users: SoakUser[] = []
  try {
    users.push(...(await cast(server, options.users)))
    for (const user of users) user.start()
    const counts = await run(server, users, options, random)
    return { ...counts, ...(await conclude(users)) }
  } finally {
    await Promise.all(users.map((user) => user.stop()))
    await server.remove()
  }
}

/** Users in pairs with each of their neighbours, in one small group each three, and in one group of all. */
async function cast(server: Server, count: number): Promise<SoakUser[]> {
  const api = rest(server)
  const run = randomUUID().slice(0, 6)
  const userIDs = Array.from({ length: count }, (_, i) => `soak${i}${run}`)
  await api.register(...userIDs)
  const everybody = `all${run}`
  await createGroup(server, everybody, userIDs)
  return Promise.all(
    userIDs.map(async (userID, i) => {
      const neighbours = [1, 2].map((step) => userIDs[(i + step) % count] as string)
      const chats: Chat[] = [
        ...neighbours.map((peer) => ({
          conversationID: singleConversationID(userID, peer),
          recvID: peer,
          groupID: '',
        })),
        { conversationID: groupConversationID(everybody), recvID: '', groupID: everybody },
      ]
      const platformID = i % 2 === 0 ? WEB : IOS
      const token = await api.userToken(userID, platformID)
      const envelope = i % 2 === 0 ? 'json' : 'gob'
      return new SoakUser({ server, userID, token, platformID, envelope, chats })
    }),
  )
}

async function createGroup(server: Server, groupID: string, userIDs: readonly string[]): Promise<void> {
  const [ownerUserID, ...memberUserIDs] = userIDs
  const api = rest(server)
  const body = { ownerUserID, memberUserIDs, groupInfo: { groupID, groupName: groupID, groupType: 2 } }
  const { errCode, errDlt } = await api.post('/group/create_group', body, { token: await api.adminToken() })
  if (errCode !== 0) throw new Error(`create_group failed: ${errCode} ${errDlt}`)
}

type Counts = Pick<SoakResult, 'kills' | 'deploys' | 'cuts' | 'offline'>

async function run(
  server: Server,
  users: readonly SoakUser[],
  options: SoakOptions,
  random: () => number,
): Promise<Counts> {
  const counts: Counts = { kills: 0, deploys: 0, cuts: 0, offline: 0 }
  const until = Date.now() + options.seconds * 1_000
  const isOver = () => Date.now() >= until
  const exponential = (meanMs: number) => -Math.log(1 - random()) * meanMs
  const converse = async (user: SoakUser) => {
    while (!isOver()) {
      await sleep(exponential(options.pauseMs))
      const chat = user.options.chats[Math.floor(random() * user.options.chats.length)] as Chat
      await user.send(chat, random() < 0.05)
      if (random() < 0.3) await user.markRead(chat.conversationID)
    }
  }
  const disturb = async (user: SoakUser) => {
    while (!isOver()) {
      await sleep(exponential(8_000))
      if (isOver()) return
      if (random() < 0.5) {
        counts.cuts++
        await user.cut()
      } else {
        counts.offline++
        await user.goOffline(exponential(3_000))
      }
    }
  }
  const restart = async () => {
    const means = { kill: options.killEverySeconds, deploy: options.deployEverySeconds }
    const rate = (mean: number) => (mean === 0 ? 0 : 1 / mean)
    const total = rate(means.kill) + rate(means.deploy)
    while (total > 0) {
      await sleep(exponential(1_000 / total))
      if (isOver()) return
      if (random() < rate(means.kill) / total) {
        counts.kills++
        await server.kill9()
        await server.start()
      } else {
        counts.deploys++
        await server.restart()
      }
      options.report(`restarted: ${counts.kills} kills, ${counts.deploys} deployments`)
    }
  }
  await Promise.all([...users.flatMap((user) => [converse(user), disturb(user)]), restart()])
  return counts
}

async function conclude(
  users: readonly SoakUser[],
): Promise<Pick<SoakResult, 'verdict' | 'messages' | 'retries' | 'pushes'>> {
  await Promise.all(users.map((user) => user.settle()))
  // The server may have stored a mark whose answer was lost in a kill. One more mark of each conversation settles that.
  for (const user of users) for (const { conversationID } of user.options.chats) await user.markRead(conversationID)
  const byUser = async <T>(read: (user: SoakUser) => Promise<T>) =>
    new Map(await Promise.all(users.map(async (user) => [user.userID, await read(user)] as const)))
  const ledger: Ledger = {
    sent: users.flatMap((user) => user.sent),
    held: new Map(users.map((user) => [user.userID, user.held])),
    fetched: await byUser((user) => user.fetchAll()),
    marked: new Map(users.map((user) => [user.userID, user.marked])),
    positions: await byUser((user) => user.positions()),
    latePushes: users.flatMap((user) => user.latePushes),
    conflicts: users.flatMap((user) => user.conflicts),
  }
  return {
    verdict: verify(ledger),
    messages: ledger.sent.length,
    retries: ledger.sent.filter(({ answers }) => answers.length > 1).length,
    pushes: [...ledger.held.values()].reduce(
      (sum, logs) => sum + [...logs.values()].reduce((n, log) => n + log.size, 0),
      0,
    ),
  }
}

/** Mulberry32: the same choices for the same seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
