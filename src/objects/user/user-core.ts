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
import { userMigrations } from './migrations.ts'
import { BeforeSendGate } from './state/before-send-gate.ts'
import { ConversationList } from './state/conversation-list.ts'
import { Devices } from './state/devices.ts'
import { Outbox } from './state/outbox.ts'
import { PresenceSubscriptions } from './state/presence-subscriptions.ts'
import { PushBuffer } from './state/push-buffer.ts'
import { PushState } from './state/push-state.ts'
import { type OutgoingMessage, ReorderBuffer } from './state/reorder-buffer.ts'
import { RequestRate } from './state/request-rate.ts'
import { SendStatusStore } from './state/rest-send-status.ts'
import { SelfDestructs } from './state/self-destructs.ts'
import { SeqCursors } from './state/seq-cursors.ts'
import { SELECT_ALL_SESSIONS, Sessions } from './state/sessions.ts'

/** Everything that one user's object holds; the functions that do its work take it as their first argument. */
export interface UserCore {
  readonly userID: string
  /** The settings in force now; they may change while the object lives. */
  readonly config: Config
  readonly log: Log
  readonly sessions: Sessions
  readonly conversations: ConversationList
  readonly cursors: SeqCursors
  readonly devices: Devices
  readonly outbox: Outbox
  /** Keeps the order of messages that wait for a before-webhook; the key is the conversation's home. */
  readonly beforeSendGate: BeforeSendGate
  readonly reorderBuffer: ReorderBuffer<OutgoingMessage>
  readonly presence: PresenceSubscriptions
  readonly requestRate: RequestRate
  readonly sendStatus: SendStatusStore
  readonly pushState: PushState
  readonly pushBuffer: PushBuffer
  readonly selfDestructs: SelfDestructs
  /** Resolves when every self-destructing message is hidden whose time was over at the last read. */
  expiredHidden: Promise<void>
  /** Conversations that wait for their before-webhook, with the time before which it is not called again; ms. */
  readonly pendingConversations: Map<string, number>
  /** Groups of which every mention is known, as long as a device stays online. */
  readonly mentionsKnown: Set<string>
  /** Resolves when the relays and conversations that skip this user know that a device is online. */
  deliveryResumed: Promise<unknown>
  now(): number
  conversation(home: string): ConversationRpc
  /** A relay of a large group. */
  relay(name: string): RelayRpc
  otherUser(userID: string): UserRpc
  webhookContext(operationID: string): WebhookContext
  /** Keeps the object alive until the work is done. Null = there is no work. */
  waitUntil(work: Promise<unknown> | null): void
  /** Sets the object's alarm, or deletes it for null; ms. */
  setAlarm(time: number | null): Promise<void>
}

type WebhookContext = AfterWebhookContext & { readonly operationID: string }

/** The row that `STARTUP_QUERY` reads. */
interface StartupRow extends Record<string, SqlStorageValue> {
  version: number
  sessions: string
  hasSubscribers: number
  hasCursors: number
  hasSelfDestructs: number
}

/** Reads in one statement everything that the object needs when it wakes. */
const STARTUP_QUERY = `
  SELECT version, (${SELECT_ALL_SESSIONS}) AS sessions,
    EXISTS (SELECT 1 FROM presence_watcher) AS hasSubscribers, EXISTS (SELECT 1 FROM log_mark) AS hasCursors,
    EXISTS (SELECT 1 FROM self_destruct) AS hasSelfDestructs
  FROM schema_version`

export function createUserCore(state: DurableObjectState, env: Bindings): UserCore {
  const userID = state.id.name
  if (userID === undefined) throw new Error('the object of a user must be addressed by its userID')
  const { sql } = state.storage
  const startup = migrate<StartupRow>(state.storage, userMigrations, STARTUP_QUERY)
  const { conversation, relay, user: otherUser } = createStubs(env)
  const log = createLog(() => configOf(env).logLevel, { userID })
  const now = () => Date.now()
  const waitUntil = (work: Promise<unknown> | null) => {
    if (work) state.waitUntil(work)
  }
  const devices = new Devices(state)
  const pushState = new PushState(sql)
  const push = {
    config: configOf(env).push,
    db: openDatabase(env.DB),
    send: (jobs: PushJob[]) => sendPushJobs(env.PUSH_QUEUE, jobs),
    waitUntil,
    hasListeningPhone: () => devices.hasListeningPhone(now()),
    now,
    log,
  }
  // Created at the first webhook, because most objects never send one.
  let bindings: Pick<AfterWebhookContext, 'db' | 'webhooks'> | null = null
  const webhookContext = (operationID: string) => {
    bindings ??= { db: openDatabase(env.DB), webhooks: new WebhookQueue(env.WEBHOOK_QUEUE) }
    return { operationID, config: configOf(env), log: log.with({ operationID }), now, ...bindings }
  }
  return {
    userID,
    get config() {
      return configOf(env)
    },
    log,
    sessions: new Sessions(sql, startup.sessions),
    conversations: new ConversationList(sql, userID),
    cursors: new SeqCursors(sql, startup.hasCursors === 1),
    devices,
    outbox: new Outbox(conversation),
    beforeSendGate: new BeforeSendGate(),
    reorderBuffer: new ReorderBuffer(),
    presence: new PresenceSubscriptions(sql, otherUser, startup.hasSubscribers === 1),
    requestRate: new RequestRate(),
    sendStatus: new SendStatusStore({ sql, sync: () => state.storage.sync(), log }),
    pushState,
    pushBuffer: new PushBuffer(userID, push, pushState),
    selfDestructs: new SelfDestructs(sql, startup.hasSelfDestructs === 1),
    expiredHidden: Promise.resolve(),
    pendingConversations: new Map(),
    mentionsKnown: new Set(),
    deliveryResumed: Promise.resolve(),
    now,
    conversation,
    relay,
    otherUser,
    webhookContext,
    waitUntil,
    setAlarm: (time) => (time === null ? state.storage.deleteAlarm() : state.storage.setAlarm(time)),
  }
}
