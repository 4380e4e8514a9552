import { DurableObject } from 'cloudflare:workers'
import { configOf } from '../../src/config/index.ts'
import type { AppendItem } from '../../src/contracts/messages.ts'
import type { Outcome } from '../../src/contracts/outcome.ts'
import type { Delivery, DeliveryResult } from '../../src/contracts/user.ts'
import type { Bindings } from '../../src/env.ts'
import { handOverToRelays, rostersOf } from '../../src/objects/conversation/state/shards.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { conversationObject } from '../../src/runtime/rpc/stubs.ts'
import { ConversationObject as Conversation, RelayObject as Relay } from '../../src/worker.ts'

import { Counters } from '../counting/counters.ts'
import { instrumentObject, instrumentStorage, noteWaits } from '../counting/instrument.ts'
import type { Measured } from './measured.ts'

/*
 * The group's conversation and its relays as they are; in place of the members' objects stand-ins that take delivery,
 * so that ten thousand of them fit on one machine. `POST /bench/group` measures one size of group.
 */

export { MetricsObject } from '../../src/worker.ts'

const counters = new Counters()
instrumentObject(counters, { name: 'ConversationObject', prototype: Conversation.prototype })
instrumentObject(counters, { name: 'RelayObject', prototype: Relay.prototype })

/** What the stand-ins took; they all live in this isolate. */
const taken = { messages: 0, bytes: 0, last: 0 }

function noting(env: Bindings): Bindings {
  return { ...env, USER: noteWaits(counters, shared(env.USER)), RELAY: noteWaits(counters, env.RELAY) }
}

/** One process may not open the files of ten thousand objects, so some members share a stand-in. */
const STAND_INS = 2_000

function shared(namespace: Bindings['USER']): Bindings['USER'] {
  const getByName = (userID: string) => {
    const number = Number(userID.replace(/\D/g, '')) % STAND_INS
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
      taken.messages += messages.length
      taken.bytes += messages.reduce((sum, { msg }) => sum + msg.length, 0)
      taken.last = performance.now()
    }
    return { ok: true, value: listens ? 'listens' : 'marked' }
  }
}

export class ConversationObject extends Conversation {
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, noting(env))
    this.#state = state
  }

  /** Makes the members of a group, so many of them listening. */
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

  /** Reads the members from storage again, as after a wake. */
  restart(): void {
    this.#state.abort('seeded')
  }
}

export class RelayObject extends Relay {
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState, env: Bindings) {
    instrumentStorage(counters, state)
    super(state, noting(env))
    this.#state = state
  }

  /** These are the shard's members; it has found out which of them listen. */
  seed(userIDs: string[]): void {
    const { sql } = this.#state.storage
    sql.exec('INSERT INTO member SELECT value FROM json_each(?)', JSON.stringify(userIDs))
    sql.exec('INSERT INTO listener SELECT value FROM json_each(?)', JSON.stringify(userIDs.filter(isListening)))
  }

  restart(): void {
    this.#state.abort('seeded')
  }
}

interface Asked {
  members: number
  listening: number
  messages: number
  /** Messages that are sent without waiting for one another. */
  burst: number
}

export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    if (request.method !== 'POST') return new Response('ready')
    const { pathname } = new URL(request.url)
    if (pathname !== '/bench/group') return new Response('no such call', { status: 404 })
    return Response.json(await measure(env, await request.json()))
  },
} satisfies ExportedHandler<Bindings>

async function measure(env: Bindings, { members, listening, messages, burst }: Asked): Promise<Measured> {
  const groupID = `g${members}-${listening}`
  await seed(env, groupID, members, listening)
  // The first message wakes everything that is to be measured awake.
  await send(env, groupID, 'warm-up', 1, listening)
  counters.discard()
  const delays: number[] = []
  const bytesBefore = taken.bytes
  for (let i = 0; i < messages; i++) delays.push(await send(env, groupID, `single${i}`, 1, listening))
  const single = counters.take()
  const bytes = (taken.bytes - bytesBefore) / messages
  const burstMs = await send(env, groupID, 'burst', burst, listening)
  return { members, listening, messages, burst, delays, burstMs, bytes, single, together: counters.take() }
}

/** @returns ms from handing the first message over to the last listener's having the last one */
async function send(env: Bindings, groupID: string, name: string, count: number, listening: number): Promise<number> {
  const target = taken.messages + count * listening
  const begun = performance.now()
  const chat = conversationObject(env, `sg_${groupID}`)
  await Promise.all(
    Array.from({ length: count }, (_, i) => {
      counters.add('requests')
      return chat.append([textOf(groupID, `${name} ${i}`)])
    }),
  )
  while (taken.messages < target) await new Promise((resolve) => setTimeout(resolve, 1))
  return taken.last - begun
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

/** An object that is aborted cannot answer. */
async function restarted(restart: () => unknown): Promise<void> {
  try {
    await restart()
  } catch {
    return
  }
  throw new Error('the object goes on as if nothing had happened')
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
    senderHasIt: false,
    exempt: true,
    msg,
  }
}
