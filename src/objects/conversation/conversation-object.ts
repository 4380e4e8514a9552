import { DurableObject } from 'cloudflare:workers'
import { refreshOverrides } from '../../config/overrides.ts'
import type {
  ConversationRpc,
  ConversationState,
  CountStep,
  MemberSettings,
  MessageQuery,
  Readers,
  ReadResult,
  RevokedMessage,
  Revoker,
  SearchStep,
} from '../../contracts/conversation.ts'
import type { GroupChange, GroupChanged } from '../../contracts/group-change.ts'
import type {
  AppendItem,
  AppendResult,
  LogName,
  LogSlice,
  ReadWindow,
  StoredMessage,
} from '../../contracts/messages.ts'
import { type Outcome, outcomeOf, type Serves } from '../../contracts/outcome.ts'
import type { Bindings } from '../../env.ts'
import { flushCountsIfDue } from '../../runtime/counters.ts'
import { ConversationSessionTarget } from '../../runtime/rpc/session-targets.ts'
import { append } from './append/append.ts'
import { eraseBurned, markReadAndBurn } from './append/burn.ts'
import { type ConversationCore, createConversationCore } from './conversation-core.ts'
import { changeGroup } from './group/change-group.ts'
import { countMessages } from './log/count-messages.ts'
import { clear, erase, eraseBefore } from './log/erase.ts'
import { findStored, hasMessage } from './log/find-messages.ts'
import { hide } from './log/hide.ts'
import { readLast, readRange, readSeqs } from './log/read-window.ts'
import { reportState } from './log/report-state.ts'
import { revoke } from './log/revoke.ts'
import { searchLog } from './log/search.ts'
import { readers } from './members/mark-read.ts'
import { beginRelationChange, endRelationChange } from './members/relations.ts'
import { setMember } from './members/set-member.ts'
import { handleAlarm, wake } from './recovery.ts'

/** The message log of one pair of users or one group, with its notification log. A switchboard without logic. */
export class ConversationObject extends DurableObject<Bindings> implements Serves<ConversationRpc> {
  readonly #conversation: ConversationCore

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.#conversation = createConversationCore(state, env)
    state.blockConcurrencyWhile(() => wake(this.#conversation))
  }

  /** Opens a session for a caller with many calls in a row. */
  openCallSession(): ConversationSessionTarget {
    return new ConversationSessionTarget(this)
  }

  append(items: AppendItem[]): Promise<Outcome<AppendResult[]>> {
    refreshOverrides(this.env, (work) => this.ctx.waitUntil(work))
    return outcomeOf(() => append(this.#conversation, items))
  }

  changeGroup(change: GroupChange): Promise<Outcome<GroupChanged>> {
    return outcomeOf(() => changeGroup(this.#conversation, change))
  }

  readRange(log: LogName, window: ReadWindow, begin: number, end: number, limit: number): Promise<Outcome<LogSlice>> {
    return this.#read(() => readRange(this.#conversation, log, window, { begin, end, limit }))
  }

  readSeqs(log: LogName, window: ReadWindow, seqs: number[]): Promise<Outcome<LogSlice>> {
    return this.#read(() => readSeqs(this.#conversation, log, window, seqs))
  }

  readLast(window: ReadWindow): Promise<Outcome<StoredMessage | null>> {
    return this.#read(() => readLast(this.#conversation, window))
  }

  markRead(userID: string, hasReadSeq: number, seqs: number[]): Promise<Outcome<ReadResult>> {
    return outcomeOf(() => markReadAndBurn(this.#conversation, userID, hasReadSeq, seqs))
  }

  readers(seq: number, page: { hasRead: boolean; offset: number; limit: number }): Promise<Outcome<Readers>> {
    return outcomeOf(() => readers(this.#conversation, seq, page))
  }

  revoke(seq: number, by: Revoker): Promise<Outcome<RevokedMessage>> {
    return outcomeOf(() => revoke(this.#conversation, seq, by))
  }

  hide(userID: string, seqs: number[]): Promise<Outcome<void>> {
    return outcomeOf(() => hide(this.#conversation, userID, seqs))
  }

  erase(seqs: number[], by: string | null): Promise<Outcome<void>> {
    return outcomeOf(() => erase(this.#conversation, seqs, by))
  }

  clear(): Promise<Outcome<number>> {
    return outcomeOf(() => clear(this.#conversation))
  }

  eraseBefore(time: number, limit = Number.MAX_SAFE_INTEGER): Promise<Outcome<number>> {
    return outcomeOf(() => eraseBefore(this.#conversation, time, limit))
  }

  hasMessage(sendID: string, clientMsgID: string, after: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => hasMessage(this.#conversation, sendID, clientMsgID, after))
  }

  maxSeq(): Promise<Outcome<number>> {
    return outcomeOf(() => this.#conversation.state.logs.chat.maxSeq)
  }

  firstSentAfter(time: number, fromSeq: number): Promise<Outcome<{ seq: number; sendTime: number | null }>> {
    const { chat } = this.#conversation.state.logs
    return outcomeOf(() => chat.firstSentAfter(time, fromSeq) ?? { seq: chat.maxSeq + 1, sendTime: null })
  }

  setMember(userID: string, settings: MemberSettings): Promise<Outcome<void>> {
    return outcomeOf(() => setMember(this.#conversation, userID, settings))
  }

  relationsChanging(): Promise<Outcome<number>> {
    return outcomeOf(() => beginRelationChange(this.#conversation))
  }

  relationsChanged(begun: number | null): Promise<Outcome<void>> {
    return outcomeOf(() => endRelationChange(this.#conversation, begun))
  }

  search(query: MessageQuery, below: number, limit: number): Promise<Outcome<SearchStep>> {
    return this.#read(() => searchLog(this.#conversation.state.logs.chat, query, below, limit))
  }

  countMessages(window: { from: number; to: number }, below: number, limit: number): Promise<Outcome<CountStep>> {
    return outcomeOf(() => countMessages(this.#conversation.state.sql, window, below, limit))
  }

  stored(seqs: number[]): Promise<Outcome<StoredMessage[]>> {
    return this.#read(() => findStored(this.#conversation, seqs))
  }

  state(userID: string, since: Record<LogName, number>): Promise<Outcome<ConversationState>> {
    return outcomeOf(() => reportState(this.#conversation, userID, since))
  }

  /** Reads messages, without those whose time is over. */
  #read<T>(read: () => T): Promise<Outcome<T>> {
    return outcomeOf(() => {
      eraseBurned(this.#conversation)
      return read()
    })
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    await handleAlarm(this.#conversation, info?.scheduledTime ?? this.#conversation.now(), info?.isRetry ?? false)
    await flushCountsIfDue(this.env)
  }
}
