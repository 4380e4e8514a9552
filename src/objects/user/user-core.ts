import type { Bindings } from '../../env.ts'
import { type Config, configOf } from '../../platform/config.ts'
import { openDatabase } from '../../platform/d1.ts'
import type { PushJob } from '../../platform/jobs.ts'
import { createLog, type Log } from '../../platform/log.ts'
import { objectsAtHand } from '../../platform/objects.ts'
import type { ConversationRpc, RelayRpc, UserRpc } from '../../platform/rpc.ts'
import { migrate } from '../../platform/sqlite-migrations.ts'
import { WebhookQueue } from '../../platform/webhook-queue.ts'
import { sendPushJobs } from '../../push/enqueue.ts'
import type { TellContext } from '../../webhook/after.ts'
import { Bell } from './bell.ts'
import { Conversations } from './conversations.ts'
import type { Outgoing } from './deliver.ts'
import { Devices } from './devices.ts'
import { InOrder } from './in-order.ts'
import { InTurn } from './in-turn.ts'
import { LogMarks } from './log-marks.ts'
import { userMigrations } from './migrations.ts'
import { OfflinePushes } from './offline-pushes.ts'
import { Presence } from './presence.ts'
import { RequestRate } from './request-rate.ts'
import { SendNotes } from './send-notes.ts'
import { Sends } from './sends.ts'
import { ALL_SESSIONS, Sessions } from './sessions.ts'

/** The parts of one user's object, for the functions that do its work. */
export interface UserCore {
  readonly userID: string
  /** What is in force now: it may change while the object lives. */
  readonly config: Config
  readonly log: Log
  readonly sessions: Sessions
  readonly conversations: Conversations
  readonly marks: LogMarks
  readonly devices: Devices
  readonly sends: Sends
  /** Messages that the app is asked about, by conversation. */
  readonly asked: InTurn
  readonly inOrder: InOrder<Outgoing>
  readonly presence: Presence
  readonly requestRate: RequestRate
  readonly sendNotes: SendNotes
  readonly bell: Bell
  readonly offlinePushes: OfflinePushes
  /** Conversations that the app is asked about before they begin, and until when it is not asked again; ms. */
  readonly beginning: Map<string, number>
  /** Done once those who pass the absent by were told that a device is here. */
  listening: Promise<unknown>
  now(): number
  conversation(home: string): ConversationRpc
  /** A relay of a large group, by name. */
  relay(name: string): RelayRpc
  /** Another user's object. */
  other(userID: string): UserRpc
  /** What asking and telling the app stands on. */
  hookContext(operationID: string): HookContext
}

type HookContext = TellContext & { readonly operationID: string }

/** What a wake reads first, in one statement. */
interface Wake extends Record<string, SqlStorageValue> {
  version: number
  sessions: string
  watched: number
  marked: number
}

const WAKE = `
  SELECT version, (${ALL_SESSIONS}) AS sessions,
    EXISTS (SELECT 1 FROM presence_watcher) AS watched, EXISTS (SELECT 1 FROM log_mark) AS marked
  FROM schema_version`

export function createUserCore(state: DurableObjectState, env: Bindings): UserCore {
  const userID = state.id.name
  if (userID === undefined) throw new Error("a user's object is reached by the userID only")
  const { sql } = state.storage
  const { sessions, watched, marked } = migrate<Wake>(state.storage, userMigrations, WAKE)
  const { conversation, relay, user: other } = objectsAtHand(env)
  const log = createLog(() => configOf(env).logLevel, { userID })
  const bell = new Bell(sql)
  const devices = new Devices(state)
  const now = () => Date.now()
  const push = {
    config: configOf(env).push,
    db: openDatabase(env.DB),
    send: (jobs: PushJob[]) => sendPushJobs(env.PUSH_QUEUE, jobs),
    waitUntil: (work: Promise<unknown>) => state.waitUntil(work),
    phoneListens: () => devices.phoneListens(now()),
    now,
    log,
  }
  // Most objects never tell the app anything.
  let ways: Pick<TellContext, 'db' | 'webhooks'> | null = null
  const hookContext = (operationID: string) => {
    ways ??= { db: openDatabase(env.DB), webhooks: new WebhookQueue(env.WEBHOOK_QUEUE) }
    return { operationID, config: configOf(env), log: log.with({ operationID }), now, ...ways }
  }
  return {
    userID,
    get config() {
      return configOf(env)
    },
    log,
    sessions: new Sessions(sql, sessions),
    conversations: new Conversations(sql, userID),
    marks: new LogMarks(sql, marked === 1),
    devices,
    sends: new Sends(conversation),
    asked: new InTurn(),
    inOrder: new InOrder(),
    presence: new Presence(sql, other, watched === 1),
    requestRate: new RequestRate(),
    sendNotes: new SendNotes({ sql, sync: () => state.storage.sync(), log }),
    bell,
    offlinePushes: new OfflinePushes(userID, push, bell),
    beginning: new Map(),
    listening: Promise.resolve(),
    now,
    conversation,
    relay,
    other,
    hookContext,
  }
}
