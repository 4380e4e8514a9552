import type { Bindings } from '../../env.ts'
import { tellAfterSend, tellsAfterSend } from '../../features/message/webhooks.ts'
import { type Config, configOf } from '../../platform/config.ts'
import { openDatabase } from '../../platform/d1.ts'
import { createLog, type Log } from '../../platform/log.ts'
import { conversationObject, userObject } from '../../platform/objects.ts'
import type { ConversationRpc, UserRpc } from '../../platform/rpc.ts'
import { WebhookQueue } from '../../platform/webhook-queue.ts'
import type { TellContext } from '../../webhook/after.ts'
import { Conversations } from './conversations.ts'
import type { Outgoing } from './deliver.ts'
import { Devices } from './devices.ts'
import { InOrder } from './in-order.ts'
import { InTurn } from './in-turn.ts'
import { LogMarks } from './log-marks.ts'
import { Presence } from './presence.ts'
import { SendNotes } from './send-notes.ts'
import { type Appended, Sends } from './sends.ts'
import { Sessions } from './sessions.ts'

/** The parts of one user's object, for the functions that do its work. */
export interface UserCore {
  readonly userID: string
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
  readonly sendNotes: SendNotes
  /** Conversations that the app is asked about before they begin. */
  readonly beginning: Set<string>
  now(): number
  conversation(home: string): ConversationRpc
  /** Another user's object. */
  other(userID: string): UserRpc
  /** What asking and telling the app stands on. */
  hookContext(operationID: string): HookContext
}

export type HookContext = TellContext & { readonly operationID: string }

export function createUserCore(state: DurableObjectState, env: Bindings): UserCore {
  const userID = state.id.name
  if (userID === undefined) throw new Error("a user's object is reached by the userID only")
  const { sql } = state.storage
  const config = configOf(env)
  const conversation = (home: string) => conversationObject(env, home)
  const other = (id: string) => userObject(env, id)
  const log = createLog(config.logLevel, { userID })
  const now = () => Date.now()
  // Most objects never tell the app anything.
  let ways: Pick<TellContext, 'db' | 'webhooks'> | null = null
  const hookContext = (operationID: string) => {
    ways ??= { db: openDatabase(env.DB), webhooks: new WebhookQueue(env.WEBHOOK_QUEUE) }
    return { operationID, config, log: log.with({ operationID }), now, ...ways }
  }
  const tellSent: Appended | null = tellsAfterSend(config)
    ? (items, results) => void tellAfterSend(hookContext(''), items, results)
    : null
  return {
    userID,
    config,
    log,
    sessions: new Sessions(sql),
    conversations: new Conversations(sql, userID),
    marks: new LogMarks(sql),
    devices: new Devices(state),
    sends: new Sends(conversation, tellSent),
    asked: new InTurn(),
    inOrder: new InOrder(),
    presence: new Presence(sql, other),
    sendNotes: new SendNotes(sql),
    beginning: new Set(),
    now,
    conversation,
    other,
    hookContext,
  }
}
