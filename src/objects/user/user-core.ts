import { type Config, configOf } from '../../config/index.ts'
import type { ConversationRpc } from '../../contracts/conversation.ts'
import type { PushJob } from '../../contracts/jobs.ts'
import type { RelayRpc } from '../../contracts/relay.ts'
import type { UserRpc } from '../../contracts/user.ts'
import type { Bindings } from '../../env.ts'
import { createLog, type Log } from '../../platform/observability/log.ts'
import { openDatabase } from '../../platform/storage/d1.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import { sendPushJobs } from '../../push/enqueue.ts'
import { createStubs } from '../../runtime/rpc/stubs.ts'
import { WebhookQueue } from '../../runtime/webhook-queue.ts'
import type { AfterWebhookContext } from '../../webhook/after.ts'
import type { Outgoing } from './messages/deliver.ts'
import { userMigrations } from './migrations.ts'
import { PresenceSubscriptions } from './notify/presence.ts'
import { Conversations } from './state/conversation-list.ts'
import { Devices } from './state/devices.ts'
import { LogCursors } from './state/log-cursors.ts'
import { OrderedGate } from './state/ordered-gate.ts'
import { Outbox } from './state/outbox.ts'
import { PushBuffer } from './state/push-buffer.ts'
import { PushState } from './state/push-state.ts'
import { ReorderBuffer } from './state/reorder-buffer.ts'
import { RequestRate } from './state/request-rate.ts'
import { SendStatusStore } from './state/send-status.ts'
import { ALL_SESSIONS, Sessions } from './state/sessions.ts'

/** The parts of one user's object, for the functions that do its work. */
export interface UserCore {
  readonly userID: string
  /** What is in force now: it may change while the object lives. */
  readonly config: Config
  readonly log: Log
  readonly sessions: Sessions
  readonly conversations: Conversations
  readonly cursors: LogCursors
  readonly devices: Devices
  readonly outbox: Outbox
  /** Messages that the app is asked about, by conversation. */
  readonly beforeSendGate: OrderedGate
  readonly reorderBuffer: ReorderBuffer<Outgoing>
  readonly presence: PresenceSubscriptions
  readonly requestRate: RequestRate
  readonly sendStatus: SendStatusStore
  readonly pushState: PushState
  readonly pushBuffer: PushBuffer
  /** Conversations that the app is asked about before they begin, and until when it is not asked again; ms. */
  readonly pendingConversations: Map<string, number>
  /** Done once those who pass the absent by were told that a device is here. */
  deliveryResumed: Promise<unknown>
  now(): number
  conversation(home: string): ConversationRpc
  /** A relay of a large group, by name. */
  relay(name: string): RelayRpc
  /** Another user's object. */
  otherUser(userID: string): UserRpc
  /** What asking and telling the app stands on. */
  webhookContext(operationID: string): WebhookContext
}

type WebhookContext = AfterWebhookContext & { readonly operationID: string }

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
  const { conversation, relay, user: other } = createStubs(env)
  const log = createLog(() => configOf(env).logLevel, { userID })
  const bell = new PushState(sql)
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
  let ways: Pick<AfterWebhookContext, 'db' | 'webhooks'> | null = null
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
    cursors: new LogCursors(sql, marked === 1),
    devices,
    outbox: new Outbox(conversation),
    beforeSendGate: new OrderedGate(),
    reorderBuffer: new ReorderBuffer(),
    presence: new PresenceSubscriptions(sql, other, watched === 1),
    requestRate: new RequestRate(),
    sendStatus: new SendStatusStore({ sql, sync: () => state.storage.sync(), log }),
    pushState: bell,
    pushBuffer: new PushBuffer(userID, push, bell),
    pendingConversations: new Map(),
    deliveryResumed: Promise.resolve(),
    now,
    conversation,
    relay,
    otherUser: other,
    webhookContext: hookContext,
  }
}
