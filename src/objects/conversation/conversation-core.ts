import { type Config, configOf } from '../../config/index.ts'
import { withOverrides } from '../../config/overrides.ts'
import type { MemberSettings } from '../../contracts/conversation.ts'
import type { TransferJob } from '../../contracts/jobs.ts'
import type { Bindings } from '../../env.ts'
import { createLog, type Log } from '../../platform/observability/log.ts'
import { type Database, openDatabase } from '../../platform/storage/d1.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import { createStubs, userObject } from '../../runtime/rpc/stubs.ts'
import { AppServer } from './delivery/app-server.ts'
import { Dispatch } from './delivery/dispatch.ts'
import { RecoveryAlarm } from './delivery/recovery-alarm.ts'
import { conversationMigrations } from './migrations.ts'
import { ConversationState } from './state/conversation-state.ts'
import { GroupChanges } from './state/group-changes.ts'
import { RelationChanges } from './state/relation-changes.ts'

/** The parts of one conversation's object, for the functions that do its work. */
export interface ConversationCore {
  readonly conversationID: string
  /** The current settings: they may change while the object is in memory. */
  readonly config: Config
  readonly log: Log
  readonly db: Database
  /** The members and the logs. */
  readonly state: ConversationState
  readonly dispatch: Dispatch
  readonly appServer: AppServer
  readonly recoveryAlarm: RecoveryAlarm
  readonly groupChanges: GroupChanges
  readonly relationChanges: RelationChanges
  /** The load of the members from D1, while it runs. */
  opening: Promise<void> | null
  now(): number
  /** Waits until this isolate has read the settings that administrators changed at run time. */
  awaitSettings(): Promise<void>
  /** Asks a user's object for the settings that a new conversation copies. */
  memberSettings(userID: string): Promise<MemberSettings>
  sendTransferJob(job: TransferJob): Promise<void>
}

export function createConversationCore(state: DurableObjectState, env: Bindings): ConversationCore {
  const { storage } = state
  migrate(storage, conversationMigrations)
  const conversationID = state.id.name
  if (conversationID === undefined) throw new Error('a ConversationObject is addressed by its conversationID only')
  const log = createLog(() => configOf(env).logLevel, { conversationID })
  const conversation = new ConversationState(storage)
  const relationChanges = new RelationChanges(storage.sql)
  const groupChanges = new GroupChanges(storage)
  const appServer = new AppServer({
    conversationID,
    config: () => configOf(env),
    log: () => log,
    openDatabase: () => openDatabase(env.DB),
    queue: env.WEBHOOK_QUEUE,
    chat: () => conversation.logs.chat,
  })
  const dispatch = new Dispatch({
    conversationID,
    state: conversation,
    ...createStubs(env),
    needsBeforePush: (message) => appServer.needsBeforePush(message),
    callBeforePush: (message) => appServer.callBeforePush(message),
    undeliveredAdded: () => void recoveryAlarm.rearm(Date.now()),
    log,
  })
  const recoveryAlarm = new RecoveryAlarm({
    storage,
    hasPendingWork: () => groupChanges.pending || relationChanges.pending,
    isBusy: () => dispatch.busy,
    pendingSince: (began) => dispatch.pendingSince(began),
    retryAt: (now) => dispatch.retryAt(now),
    burnAt: () => conversation.burning.nextDue,
    redeliver: (since, webhooksSince) => {
      dispatch.redeliver(since)
      appServer.resendAfterWebhooks(webhooksSince)
    },
    retryUndelivered: async () => {
      dispatch.retryUndelivered()
      await Promise.all([dispatch.gateCleared, appServer.afterWebhooksSent])
    },
    log: () => log,
  })
  return {
    conversationID,
    get config() {
      return configOf(env)
    },
    log,
    get db() {
      return openDatabase(env.DB)
    },
    state: conversation,
    dispatch,
    appServer,
    recoveryAlarm,
    groupChanges,
    relationChanges,
    opening: null,
    now: () => Date.now(),
    awaitSettings: () => withOverrides(env, (work) => state.waitUntil(work)),
    memberSettings: (userID) => userObject(env, userID).memberSettings(conversationID),
    async sendTransferJob(job) {
      await env.TRANSFER_QUEUE.send(job)
    },
  }
}
