import { DurableObject } from 'cloudflare:workers'
import { configOf } from '../../src/config/index.ts'
import type { AppendItem } from '../../src/contracts/messages.ts'
import type { Outcome } from '../../src/contracts/outcome.ts'
import type { Delivery, DeliveryResult } from '../../src/contracts/user.ts'
import type { Bindings } from '../../src/env.ts'
import { handOverToRelays, rostersOf } from '../../src/objects/conversation/state/shards.ts'
import { sleep } from '../../src/platform/concurrency/backoff.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { conversationObject } from '../../src/runtime/rpc/stubs.ts'
import { ConversationObject as Conversation, RelayObject as Relay } from '../../src/worker.ts'

import { Counters } from '../counting/counters.ts'
import { instrumentObject, instrumentStorage, noteWaits } from '../counting/instrument.ts'
import type { Measured } from './measured.ts'

/*
 * The product's own ConversationObject and RelayObjects, with fake UserObjects that only accept deliveries, so that
 * 10,000 of them fit on one machine. `POST /bench/group` measures one group size.
 */

export { MetricsObject } from '../../src/worker.ts'

const counters = new Counters()
instrumentObject(counters, { name: 'ConversationObject', prototype: Conversation.prototype })
instrumentObject(counters, { name: 'RelayObject', prototype: Relay.prototype })

/** The deliveries to the fake objects, which all run in this isolate. */
const delivered = { messages: 0, bytes: 0, last: 0 }

function instrumentedEnv(env: Bindings): Bindings {
  return { ...env, USER: noteWaits(counters, shared(env.USER)), RELAY: noteWaits(counters, env.RELAY) }
}

/** A process cannot open the files of 10,000 objects, so some members share a fake object. */
const FAKE_OBJECTS = 2_000

function shared(namespace: Bindings['USER']): Bindings['USER'] {
  const getByName = (userID: string) => {
    const number = Number(userID.replace(/\D/g, '')) % FAKE_OBJECTS
    return namespace.getByName(isListening(userID) ? `on${number}` : `off${number}`)
  }
  return { getByName } as unknown as Bindings['USER']
}

const isListening = (userID: string) => userID.startsWith('on')

export class UserObject extends DurableObject<Bindings> {
  deliver({ messages }: Delivery): Outcome<DeliveryResult> {
    counters.add('events')
    counters.call('UserObject.deliver')
    const listens = isListening(this.ctx.id.name ?? '')
    if (listens) {
      delivered.messages += messages.length
      delivered.bytes += messages.reduce((sum, { msg }) => sum + msg.length, 0)
      delivered.last = performance.now()
    }
    return { ok: true, value: listens ? 'online' : 'marked' }
  }
}

export class ConversationObject extends Conversation {
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, instrumentedEnv(env))
    this.#state = state
  }

  /** Writes the members of a group into storage; `listening` of them are online. */
  seed(groupID: string, members: number, listening: number): void {
    const { sql } = this.#state.storage
    sql.exec('INSERT INTO kind (id, session_type, group_id) VALUES (1, 3, ?)', groupID)
    sql.exec('INSERT INTO group_state (id, status, member_count) VALUES (1, 0, ?)', members)
    sql.exec(
      `WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?1)
        INSERT INTO member (user_id, role_level) SELECT iif(n % max(1, ?1 / ?2) = 0, 'on', 'off') || n, 20 FROM number`,
      members,
      listening,
    )
    if (members > configOf(this.env).maxDirectMembers) handOverToRelays(sql, 0)
  }

  rosters(): string[][] {
    return [...rostersOf(this.#state.storage.sql).values()]
  }

  /** Aborts the object, so that it reads the members from storage again. */
  restart(): void {
    this.#state.abort('seeded')
  }
}

export class RelayObject extends Relay {
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, instrumentedEnv(env))
    this.#state = state
  }

  /** Writes the members of this relay into storage, and which of them are online. */
  seed(userIDs: string[]): void {
    const { sql } = this.#state.storage
    sql.exec('INSERT INTO member SELECT value FROM json_each(?)', JSON.stringify(userIDs))
    sql.exec('INSERT INTO listener SELECT value FROM json_each(?)', JSON.stringify(userIDs.filter(isListening)))
  }

  restart(): void {
    this.#state.abort('seeded')
  }
}

interface GroupRequest {
  members: number
  listening: number
  messages: number
  /** Messages that are sent at the same time. */
  burst: number
}

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    if (request.method !== 'POST') return new Response('ready')
    const { pathname } = new URL(request.url)
    if (pathname !== '/bench/group') return new Response('the call does not exist', { status: 404 })
    return Response.json(await measure(env, await request.json()))
  },
} satisfies ExportedHandler<Bindings>

async function measure(env: Bindings, { members, listening, messages, burst }: GroupRequest): Promise<Measured> {
  const groupID = `g${members}-${listening}`
  await seed(env, groupID, members, listening)
  // The first message wakes the objects, which are measured while they are awake.
  await send(env, groupID, 'warm-up', 1, listening)
  counters.discard()
  const delays: number[] = []
  const bytesBefore = delivered.bytes
  for (let i = 0; i < messages; i++) delays.push(await send(env, groupID, `single${i}`, 1, listening))
  const single = counters.take()
  const bytes = (delivered.bytes - bytesBefore) / messages
  const burstMs = await send(env, groupID, 'burst', burst, listening)
  return { members, listening, messages, burst, delays, burstMs, bytes, single, together: counters.take() }
}

/** @returns the time (ms) from the first append until the last online member has the last message */
async function send(env: Bindings, groupID: string, name: string, count: number, listening: number): Promise<number> {
  const target = delivered.messages + count * listening
  const begun = performance.now()
  const chat = conversationObject(env, `sg_${groupID}`)
  await Promise.all(
    Array.from({ length: count }, (_, i) => {
      counters.add('requests')
      return chat.append([textOf(groupID, `${name} ${i}`)])
    }),
  )
  while (delivered.messages < target) await sleep(1)
  return delivered.last - begun
}

async function seed(env: Bindings, groupID: string, members: number, listening: number): Promise<void> {
  const conversation = env.CONVERSATION.getByName(`sg_${groupID}`) as unknown as ConversationObject
  await conversation.seed(groupID, members, listening)
  for (const [shard, roster] of (await conversation.rosters()).entries()) {
    const relay = env.RELAY.getByName(`sg_${groupID}/${shard}`) as unknown as RelayObject
    await relay.seed(roster)
    await restarted(() => relay.restart())
  }
  await restarted(() => conversation.restart())
}

/** Waits until an object has restarted: the call fails, because an aborted object cannot answer. */
async function restarted(restart: () => unknown): Promise<void> {
  try {
    await restart()
  } catch {
    return
  }
  throw new Error('the object was not aborted')
}

function textOf(groupID: string, clientMsgID: string): AppendItem {
  const msg = MsgData.encode(
    MsgData.fromPartial({
      sendID: 'imAdmin',
      recvID: groupID,
      groupID,
      clientMsgID,
      sessionType: 3,
      msgFrom: 100,
      contentType: 101,
      content: new TextEncoder().encode(JSON.stringify({ content: 'A message of an ordinary length, to everybody.' })),
      createTime: Date.now(),
    }),
  ).finish()
  return {
    operationID: 'bench',
    sendID: 'imAdmin',
    recvID: groupID,
    groupID,
    clientMsgID,
    serverMsgID: clientMsgID,
    sessionType: 3,
    contentType: 101,
    createTime: Date.now(),
    sendTime: 0,
    log: 'chat',
    stored: true,
    senderSync: true,
    skipSender: false,
    skipChecks: true,
    msg,
  }
}
