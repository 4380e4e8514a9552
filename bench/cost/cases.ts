import { setTimeout as sleep } from 'node:timers/promises'
import type { Product } from '../contenders/contender.ts'
import { GROUPS } from '../contenders/groups.ts'
import type { Counts } from '../counting/counts.ts'
import { Backend } from '../load/backend.ts'
import { type Cast, Stage } from '../load/drive.ts'
import { Requester } from '../load/requester.ts'
import { groupOf, pairsOf } from '../scenarios/bursts.ts'
import { fill, peers, syncOnce, writeFrom } from '../scenarios/reconnect.ts'

/** One use case with its counts. */
export interface Case {
  label: string
  /** The unit of the price, for example "million messages". */
  per: string
  /** The number of units during the count, and the number of units in the price. */
  times: number
  unit: number
  counts: Counts
}

export type Count = () => Promise<Counts>

/** A busy period ends with the recovery alarm, which belongs to its bill. */
const BUSY_PERIOD_MS = 10_000
const BUSY_PERIOD_MESSAGES = 200
const LONE = 20
const TALKING_FIRST = 1_000
const LOADED_FIRST = 1_100
const OFFLINE_FIRST = 2_000
const REST_FIRST = 4_000
const SYNC_USERS = 50
const SYNC_FIRST = 3_000
const CONNECTS_PER_DAY = 10
const DAYS = 30
const ONLINE_SHARE = 0.1

const MILLION = 1e6

/** Creates the conversations for `lone` early, because `lone` needs conversations that are not new. */
export async function acquainted(product: Product): Promise<Stage> {
  const stage = await Stage.open(product, pairsOf(LONE))
  await stage.burst(LONE, 1)
  return stage
}

/** A busy conversation: one message after the other, and the recovery alarm at the end. */
export async function talking(product: Product, count: Count): Promise<Case> {
  const stage = await Stage.open(product, pairsOf(1, TALKING_FIRST))
  await settled(stage, 1, count)
  await stage.burst(BUSY_PERIOD_MESSAGES, 1)
  const counts = await countBusyPeriod(count)
  await stage.close()
  return perMessage('one-to-one, receiver online, in a conversation that goes on', BUSY_PERIOD_MESSAGES, counts)
}

/**
 * Messages with such long pauses that each has its own busy period. The conversations are not new: a conversation that
 * is less than two minutes old is reported to the directory at the end of each busy period.
 */
export async function lone(stage: Stage, count: Count): Promise<Case> {
  await count()
  await stage.burst(LONE, 1)
  const counts = await countBusyPeriod(count)
  await stage.close()
  return perMessage('one-to-one, receiver online, nothing else said for a while', LONE, counts)
}

export async function loaded(product: Product, count: Count): Promise<Case> {
  const stage = await Stage.open(product, pairsOf(50, LOADED_FIRST))
  await settled(stage, 50, count)
  const { messages } = await stage.burst(8_000, 16)
  const counts = await countBusyPeriod(count)
  await stage.close()
  return perMessage('one-to-one, 50 senders with 16 outstanding each', messages, counts)
}

/** The receiver is offline, and its log is already marked unread. */
export async function offline(product: Product, count: Count): Promise<Case> {
  const backendOnly = {
    senders: [{ user: OFFLINE_FIRST, target: { user: OFFLINE_FIRST + 1 } }],
    clients: [OFFLINE_FIRST],
  }
  await product.prepare([OFFLINE_FIRST, OFFLINE_FIRST + 1], [])
  const stage = await Stage.open(product, backendOnly, false)
  await settled(stage, 1, count)
  await stage.burst(BUSY_PERIOD_MESSAGES, 1)
  const counts = await countBusyPeriod(count)
  await stage.close()
  return perMessage('one-to-one, receiver offline, in a conversation that goes on', BUSY_PERIOD_MESSAGES, counts)
}

/** One member in ten is online. */
export async function group(product: Product, count: Count, size: number, messages: number): Promise<Case> {
  const { first } = GROUPS.find((known) => known.size === size) ?? { first: 0 }
  const whole = groupOf(first, size, 1)
  const online = Math.max(2, Math.round(size * ONLINE_SHARE))
  const cast: Cast = { ...whole, clients: whole.clients.slice(0, online) }
  const stage = await Stage.open(product, cast, false)
  await settled(stage, 1, count)
  await stage.burst(messages, 1)
  const counts = await countBusyPeriod(count)
  await stage.close()
  return {
    label: `group of ${size.toLocaleString('en-US')}, 10 % online`,
    per: 'million deliveries',
    times: messages * (online - 1),
    unit: MILLION,
    counts,
  }
}

/** Ten connects a day, with both sync requests. Staying connected costs nothing, and the SDKs' pings are free. */
export async function connected(product: Product, count: Count): Promise<Case> {
  const users = Array.from({ length: SYNC_USERS }, (_, i) => SYNC_FIRST + i)
  await product.prepare(users, [])
  await count()
  for (const user of users) {
    const device = await Requester.connect(product, user)
    await device.sync()
    await device.close()
  }
  const counts = await count()
  return {
    label: `1,000 users connected for a month, ${CONNECTS_PER_DAY} connects a day`,
    per: '1,000 users and month',
    times: SYNC_USERS,
    unit: 1_000 * CONNECTS_PER_DAY * DAYS,
    counts,
  }
}

export async function pulls(product: Product, count: Count): Promise<Case> {
  const device = await Requester.connect(product, TALKING_FIRST + 1)
  await device.sync()
  await count()
  const times = 50
  const range = {
    conversationID: `si_${product.userID(TALKING_FIRST)}_${product.userID(TALKING_FIRST + 1)}`,
    begin: 1,
    end: 100,
  }
  for (let i = 0; i < times; i++) {
    const pulled = await device.pull([range])
    if (pulled.length !== 100) throw new Error(`${pulled.length} of 100 messages were pulled`)
  }
  const counts = await count()
  await device.close()
  return { label: 'pulls of 100 messages', per: 'million pulls', times, unit: MILLION, counts }
}

/** The sender is not connected, like a shop or a bot; the receiver may be connected. */
export async function restSend(product: Product, count: Count, receiver: 'online' | 'offline'): Promise<Case> {
  const from = REST_FIRST + (receiver === 'online' ? 0 : 2)
  const to = from + 1
  await product.prepare([from, to], [])
  const backend = await Backend.of(product, 1)
  const device = receiver === 'online' ? await Requester.connect(product, to) : null
  await backend.send(from, to)
  await countBusyPeriod(count)
  for (let i = 0; i < BUSY_PERIOD_MESSAGES; i++) await backend.send(from, to)
  const counts = await countBusyPeriod(count)
  await device?.close()
  backend.close()
  return perMessage(
    `REST /msg/send_msg, receiver ${receiver}, in a conversation that goes on`,
    BUSY_PERIOD_MESSAGES,
    counts,
  )
}

export async function reconnect(product: Product, count: Count): Promise<Case> {
  const backend = await fill(product)
  await syncOnce(product)
  await writeFrom(backend, peers(50))
  await countBusyPeriod(count)
  await syncOnce(product)
  const counts = await count()
  backend.close()
  return {
    label: 'reconnect of a user with 1,000 conversations, 50 with news',
    per: 'million reconnects',
    times: 1,
    unit: MILLION,
    counts,
  }
}

function perMessage(label: string, times: number, counts: Counts): Case {
  return { label, per: 'million messages', times, unit: MILLION, counts }
}

/** Sends the first messages, which write rows that later messages do not write, and waits until nothing happens. */
async function settled(stage: Stage, messages: number, count: Count): Promise<void> {
  await stage.burst(messages, 1)
  for (let counts = await countBusyPeriod(count); counts.events > 0; ) counts = await countBusyPeriod(count)
}

async function countBusyPeriod(count: Count): Promise<Counts> {
  await sleep(BUSY_PERIOD_MS)
  return count()
}
