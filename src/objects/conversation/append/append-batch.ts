import type { Config } from '../../../config/index.ts'
import type { AppendItem, AppendResult } from '../../../contracts/messages.ts'
import { refusalOf } from '../../../contracts/outcome.ts'
import { mayMention } from '../../../protocol/mentions.ts'
import type { AppServer } from '../delivery/app-server.ts'
import type { Dispatch } from '../delivery/dispatch.ts'
import type { RecoveryAlarm } from '../delivery/recovery-alarm.ts'
import type { StampedMessage } from '../delivery/stamped-message.ts'
import { appendMessage } from '../log/append-message.ts'
import { recordMentions } from '../log/record-mentions.ts'
import type { ConversationState } from '../state/conversation-state.ts'
import { handOverToRelays, needsRelays } from '../state/shards.ts'
import { refusalOfItem } from './check-item.ts'

/** The parts of a conversation that an append uses. */
export interface AppendParts {
  readonly state: ConversationState
  readonly config: Pick<Config, 'friendVerify' | 'admins' | 'maxDirectMembers'>
  readonly dispatch: Pick<Dispatch, 'deliver' | 'deliverGroupChange' | 'resumeMember' | 'lowestPending'>
  readonly appServer: Pick<AppServer, 'sendAfterWebhooks'>
  readonly recoveryAlarm: Pick<RecoveryAlarm, 'arm'>
  now(): number
}

/** The result of the commit. */
interface CommittedBatch {
  results: AppendResult[]
  /** The new messages, in order; retries and refused messages are not among them. */
  stamped: StampedMessage[]
  /** Whether relays deliver from now on. */
  handedOver: boolean
}

/**
 * Appends a batch in one commit: if one message fails with an error, no message is stored. A refused message is no
 * error. The function has no await: between reading a seq and writing it no other call runs, so that seqs have no gaps.
 *
 * For each message, in order: check it, write the members with the first stored message, append it. After the commit:
 * hand the group over to relays, arm the recovery alarm, deliver, send the after-webhooks, drop unsaved members.
 */
export function appendBatch(conversation: AppendParts, items: readonly AppendItem[]): AppendResult[] {
  const now = conversation.now()
  const batch = commit(conversation, items, now)
  afterCommit(conversation, batch, now)
  return batch.results
}

function commit(conversation: AppendParts, items: readonly AppendItem[], now: number): CommittedBatch {
  const { state } = conversation
  const batch: CommittedBatch = { results: [], stamped: [], handedOver: false }
  const appendAll = () => {
    for (const item of items) batch.results.push(appendOne(conversation, item, now, batch))
  }
  try {
    // One message in a saved conversation is a single statement, which is atomic without a transaction.
    if (items.length === 1 && state.members.isSaved && !mayMention(items[0]?.contentType ?? 0)) appendAll()
    else state.transaction(appendAll)
  } catch (error) {
    // A failed commit rolls back the rows, but not the copies in memory.
    state.reload()
    throw error
  }
  return batch
}

function appendOne(conversation: AppendParts, item: AppendItem, now: number, batch: CommittedBatch): AppendResult {
  const { state, config, dispatch } = conversation
  const refusal = refusalOfItem(state.members, config, item, now)
  if (refusal) return { ok: false, refusal: refusalOf(refusal) }
  if (item.stored && !state.members.isSaved) batch.handedOver = saveMembers(conversation, now)
  const { result, stamped } = appendMessage(state.logs, item, now)
  if (stamped) {
    recordMentions(state, stamped)
    batch.stamped.push(stamped)
  }
  if (!result.ok || !item.skipSender) return result
  // A sender whose object passes the message to the sender's own devices has a device online.
  dispatch.resumeMember(item.sendID, stamped && { log: item.log, seq: stamped.seq })
  // Asked before this batch is delivered, so that it names only older messages than a new one. After a crash, a retry
  // may be answered before older messages are redelivered.
  const pendingFrom = dispatch.lowestPending(item.sendID, item.log)
  return pendingFrom !== null && (stamped || pendingFrom < result.seq) ? { ...result, pendingFrom } : result
}

/**
 * Writes the members with the first stored message: a conversation begins with it, and a refused message leaves no
 * rows.
 * @returns whether relays deliver from the start: a group that only D1 knew before may be large
 */
function saveMembers({ state, config }: AppendParts, now: number): boolean {
  state.members.save()
  if (!needsRelays(state.sql, config.maxDirectMembers)) return false
  handOverToRelays(state.sql, now)
  state.reloadMembers()
  return true
}

function afterCommit(
  { state, dispatch, recoveryAlarm, appServer }: AppendParts,
  { stamped, handedOver }: CommittedBatch,
  now: number,
): void {
  // The relays get their rosters before the first message.
  if (handedOver) dispatch.deliverGroupChange([], { joined: [], left: [], leftShards: new Map(), handedOver })
  // Still in the same turn as the rows, so that the alarm is in their commit.
  if (stamped.some((message) => message.seq > 0)) void recoveryAlarm.arm(now)
  for (const message of stamped) dispatch.deliver(message)
  appServer.sendAfterWebhooks(stamped)
  // Users do not report changed settings to a conversation that has no message, so the next message loads them again.
  if (!state.members.isSaved) state.reloadMembers()
}
