import { DurableObject } from 'cloudflare:workers'
import { configOf } from '../../config/index.ts'
import { refreshOverrides, withOverrides } from '../../config/overrides.ts'
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
import type { TransferJob } from '../../contracts/jobs.ts'
import type {
  AppendItem,
  AppendResult,
  LogName,
  LogSlice,
  ReadWindow,
  StoredMessage,
} from '../../contracts/messages.ts'
import { type Outcome, outcomeOf, refusalOf, type Serves } from '../../contracts/outcome.ts'
import type { Bindings } from '../../env.ts'
import { type AppliedChange, applyGroupChange } from '../../features/group/store/apply-change.ts'
import { createLog, type Log } from '../../platform/observability/log.ts'
import { isPermanentError, openDatabase } from '../../platform/storage/d1.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { ImError } from '../../protocol/errors.ts'
import { flushCountsIfDue } from '../../runtime/counters.ts'
import { ConversationSessionTarget } from '../../runtime/rpc/session-targets.ts'
import { createStubs, userObject } from '../../runtime/rpc/stubs.ts'
import { AppServer } from './delivery/app-server.ts'
import { Dispatch } from './delivery/dispatch.ts'
import { RECOVERY_DELAY_MS, RecoveryAlarm } from './delivery/recovery-alarm.ts'
import { type Committed, commitGroupChange } from './group/commit-group-change.ts'
import { GroupChanges } from './group/group-changes.ts'
import { handOverToRelays, memberCountAfter, outgrows, refusalOfChange } from './group/group-mirror.ts'
import { appendMessage, type StampedMessage } from './log/append.ts'
import { countAppends } from './log/count-appends.ts'
import { countMessages } from './log/count-messages.ts'
import { HiddenMessages } from './log/hidden-messages.ts'
import { MessageLog } from './log/message-log.ts'
import { emptied, type ReadableLog, readLast, readRange, readSeqs } from './log/read-window.ts'
import { revoke } from './log/revoke.ts'
import { searchLog } from './log/search.ts'
import { refusalByGroup } from './members/check-group.ts'
import { refusalByReceiver } from './members/check-receiver.ts'
import { loadMembers } from './members/load-members.ts'
import { type Kind, Members } from './members/members.ts'
import { RelationChanges } from './members/relation-changes.ts'
import { relationOf, relationStatements } from './members/relations.ts'
import { conversationMigrations } from './migrations.ts'

/** An alarm that failed comes again with a later time of its own; so long it still counts for its spell. */
const ALARM_SLACK_MS = 120_000

/** So far the clocks of two objects may lie apart, and so long after it began a call may store its message. */
const CLOCKS_MS = 10_000
const LONGEST_CALL_MS = 60_000

/** The message log of one pair of users or one group, with the notification log beside it. */
export class ConversationObject extends DurableObject<Bindings> implements Serves<ConversationRpc> {
  readonly #appServer: AppServer
  readonly #dispatch: Dispatch
  readonly #groupChanges: GroupChanges<AppliedChange, Committed>
  readonly #hidden: HiddenMessages
  readonly #relations: RelationChanges
  readonly #recoveryAlarm: RecoveryAlarm
  #members: Members
  #logs: Record<LogName, MessageLog>
  #opening: Promise<void> | null = null

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    migrate(state.storage, conversationMigrations)
    this.#hidden = new HiddenMessages(state.storage.sql)
    this.#relations = new RelationChanges(state.storage.sql, () => this.#readRelations())
    this.#members = new Members(state.storage.sql)
    this.#logs = this.#freshLogs()
    this.#appServer = new AppServer({
      conversationID: this.#conversationID(),
      config: () => configOf(env),
      log: () => this.#log,
      openDatabase: () => openDatabase(env.DB),
      queue: env.WEBHOOK_QUEUE,
      chat: () => this.#logs.chat,
    })
    this.#dispatch = new Dispatch({
      sql: state.storage.sql,
      conversationID: this.#conversationID(),
      members: () => this.#members,
      logs: () => this.#logs,
      ...createStubs(env),
      needsBeforePush: (message) => this.#appServer.needsBeforePush(message),
      callBeforePush: (message) => this.#appServer.callBeforePush(message),
      undeliveredAdded: () => void this.#recoveryAlarm.rearm(Date.now()),
      log: this.#log,
    })
    this.#groupChanges = new GroupChanges<AppliedChange, Committed>({
      storage: state.storage,
      open: (change) => this.#openGroup(change),
      settle: (change) => {
        const refusal = refusalOfChange(this.#members, change)
        if (refusal) throw refusal
        const allAtOnce = change.everybodyLeaves && !this.#members.group?.relayed
        return allAtOnce ? { ...change, leave: this.#members.userIDs } : change
      },
      prepare: (change) => {
        if (!change.create) this.#members.persist()
        void this.#recoveryAlarm.arm(Date.now())
      },
      apply: (change) => applyGroupChange(openDatabase(env.DB), change, memberCountAfter(this.#members, change)),
      commit: (change, applied) => this.#commitChange(change, applied),
      committed: ({ notices, moves }) => this.#dispatch.deliverGroupChange(notices, moves),
      isPermanentError: isPermanentError,
      gaveUp: ({ operationID }, error) =>
        this.#log.error('a change of the group was given up: D1 refuses it', error, { operationID }),
    })
    this.#recoveryAlarm = new RecoveryAlarm({
      storage: state.storage,
      pendingWork: [this.#groupChanges, this.#relations],
      busy: () => this.#dispatch.busy,
      pendingSince: (began) => this.#dispatch.pendingSince(began),
      retryAt: (now) => this.#dispatch.retryAt(now),
      redeliver: (since, untoldSince) => {
        this.#dispatch.redeliver(since)
        this.#appServer.resendAfterWebhooks(untoldSince)
      },
      retryUndelivered: async () => {
        this.#dispatch.retryUndelivered()
        await Promise.all([this.#dispatch.gateCleared, this.#appServer.afterWebhooksSent])
      },
      log: () => this.#log,
    })
    state.blockConcurrencyWhile(() => this.#recoveryAlarm.wake(Date.now()))
  }

  /** Opens a session for calls that come thick and fast. */
  openCallSession(): ConversationSessionTarget {
    return new ConversationSessionTarget(this)
  }

  append(items: AppendItem[]): Promise<Outcome<AppendResult[]>> {
    refreshOverrides(this.env, (work) => this.ctx.waitUntil(work))
    return outcomeOf(() => (this.#members.kind ? this.#appendNow(items) : this.#openAndAppend(items)))
  }

  changeGroup(change: GroupChange): Promise<Outcome<GroupChanged>> {
    return outcomeOf(async () => (await this.#groupChanges.change(change)).changed)
  }

  readRange(log: LogName, window: ReadWindow, begin: number, end: number, limit: number): Promise<Outcome<LogSlice>> {
    return outcomeOf(() => readRange(this.#readable(log), this.#windowOf(log, window), begin, end, limit))
  }

  readSeqs(log: LogName, window: ReadWindow, seqs: number[]): Promise<Outcome<LogSlice>> {
    return outcomeOf(() => readSeqs(this.#readable(log), this.#windowOf(log, window), seqs))
  }

  readLast(window: ReadWindow): Promise<Outcome<StoredMessage | null>> {
    return outcomeOf(() => readLast(this.#readable('chat'), this.#windowOf('chat', window)))
  }

  markRead(userID: string, hasReadSeq: number, seqs: number[]): Promise<Outcome<ReadResult>> {
    return outcomeOf(() => {
      const { sessionType } = this.#kind()
      const { maxSeq } = this.#logs.chat
      const beyond = [hasReadSeq, ...seqs].find((seq) => seq > maxSeq)
      if (beyond !== undefined) throw ImError.args(`seq ${beyond} is beyond the newest message, ${maxSeq}`)
      const fresh = this.#members.read(userID, hasReadSeq, seqs)
      const newlyRead = fresh.filter((seq) => this.#logs.chat.read(seq)?.sendID !== userID)
      return { sessionType, hasReadSeq: this.#members.get(userID)?.readSeq ?? hasReadSeq, newlyRead }
    })
  }

  readers(seq: number, page: { hasRead: boolean; offset: number; limit: number }): Promise<Outcome<Readers>> {
    return outcomeOf(() => {
      const message = this.#logs.chat.read(seq)
      if (!message) throw ImError.notFound(`the conversation has no message ${seq}`)
      return this.#members.readers(seq, message.sendID, page)
    })
  }

  revoke(seq: number, by: Revoker): Promise<Outcome<RevokedMessage>> {
    return outcomeOf(() => {
      this.#kind()
      return this.ctx.storage.transactionSync(() => revoke(this.#logs.chat, this.#members, seq, by, Date.now()))
    })
  }

  hide(userID: string, seqs: number[]): Promise<Outcome<void>> {
    return outcomeOf(() => {
      this.#kind()
      // A message that is still to come is not one that can have been deleted.
      const { maxSeq } = this.#logs.chat
      this.#hidden.add(
        userID,
        seqs.filter((seq) => seq <= maxSeq),
      )
    })
  }

  erase(seqs: number[]): Promise<Outcome<void>> {
    return outcomeOf(() => {
      this.#kind()
      this.ctx.storage.transactionSync(() => {
        for (const seq of seqs) {
          const message = this.#logs.chat.read(seq)
          if (message) this.#logs.chat.erase(seq, emptied(message.msg))
        }
      })
    })
  }

  clear(): Promise<Outcome<number>> {
    return outcomeOf(() => {
      this.#kind()
      const { maxSeq } = this.#logs.chat
      this.#raiseCleared(maxSeq + 1)
      return maxSeq
    })
  }

  eraseBefore(time: number, limit = Number.MAX_SAFE_INTEGER): Promise<Outcome<number>> {
    return outcomeOf(() => {
      this.#kind()
      const { chat } = this.#logs
      const seq = Math.min(chat.newestSeqBefore(time), chat.minSeq + limit - 1)
      if (seq < chat.minSeq) return 0
      return this.ctx.storage.transactionSync(() => {
        this.#raiseCleared(seq + 1)
        return chat.eraseUpTo(seq, emptied)
      })
    })
  }

  hasMessage(sendID: string, clientMsgID: string, after: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => {
      const { chat } = this.#logs
      // A call that was repeated may have been about a message of a while ago.
      if (chat.firstAnswer(sendID, clientMsgID, after)) return true
      return chat.hasMessage(sendID, clientMsgID, after - CLOCKS_MS, after + LONGEST_CALL_MS)
    })
  }

  maxSeq(): Promise<Outcome<number>> {
    return outcomeOf(() => this.#logs.chat.maxSeq)
  }

  newestSeqBefore(time: number): Promise<Outcome<number>> {
    return outcomeOf(() => this.#logs.chat.newestSeqBefore(time))
  }

  setMember(userID: string, settings: MemberSettings): Promise<Outcome<void>> {
    return outcomeOf(() => this.#members.set(userID, settings))
  }

  relationsChanging(): Promise<Outcome<number>> {
    return outcomeOf(() => {
      const now = Date.now()
      void this.#recoveryAlarm.arm(now)
      return this.#relations.begin(now)
    })
  }

  relationsChanged(begun: number | null): Promise<Outcome<void>> {
    return outcomeOf(() => this.#relations.end(begun))
  }

  search(query: MessageQuery, below: number, limit: number): Promise<Outcome<SearchStep>> {
    return outcomeOf(() => searchLog(this.#logs.chat, query, below, limit))
  }

  countMessages(window: { from: number; to: number }, below: number, limit: number): Promise<Outcome<CountStep>> {
    return outcomeOf(() => countMessages(this.ctx.storage.sql, window, below, limit))
  }

  stored(seqs: number[]): Promise<Outcome<StoredMessage[]>> {
    return outcomeOf(() => seqs.flatMap((seq) => this.#logs.chat.read(seq) ?? []))
  }

  state(userID: string, since: Record<LogName, number>): Promise<Outcome<ConversationState>> {
    return outcomeOf(() => {
      this.#dispatch.resumeMember(userID)
      return {
        about: this.#members.aboutFor(userID),
        chat: this.#logs.chat.state(userID, since.chat),
        notification: this.#logs.notification.state(userID, since.notification),
      }
    })
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const due = info?.scheduledTime ?? Date.now()
    await this.#recoveryAlarm.fire(due)
    await this.#list(due - RECOVERY_DELAY_MS - (info?.isRetry ? ALARM_SLACK_MS : 0))
    await flushCountsIfDue(this.env)
  }

  /** Tells the directory of a conversation that began lately: from there a search that names nobody finds it. */
  async #list(since: number): Promise<void> {
    if ((this.#logs.chat.storedTime(1) ?? 0) < since) return
    const conversationID = this.#conversationID()
    const job: TransferJob = { kind: 'conversation-begun', operationID: `alarm_${conversationID}`, conversationID }
    await this.env.TRANSFER_QUEUE.send(job)
  }

  async #openAndAppend(items: AppendItem[]): Promise<AppendResult[]> {
    const [first] = items
    while (first && !this.#members.kind) {
      const refusal = await this.#open(first)
      if (!refusal) continue
      const refused = items.map((): AppendResult => ({ ok: false, refusal: refusalOf(refusal) }))
      return countAppends(items, refused)
    }
    return this.#appendNow(items)
  }

  #appendNow(items: AppendItem[]): AppendResult[] {
    return countAppends(items, this.#appendAll(items))
  }

  /** Everything in one commit, or nothing: a batch that fails fails for all in it. */
  #appendAll(items: AppendItem[]): AppendResult[] {
    const now = Date.now()
    const stamped: StampedMessage[] = []
    let handedOver = false
    try {
      return this.#atomically(items, (item) => {
        const refusal = this.#refusalOf(item, now)
        if (refusal) return { ok: false, refusal: refusalOf(refusal) }
        // The first message that is stored is what makes a conversation; one that is refused leaves nothing behind.
        if (item.stored && !this.#members.persistent) handedOver = this.#settle(now)
        const { result, stamped: fresh } = appendMessage(this.#logs, item, now)
        if (fresh) stamped.push(fresh)
        // Whoever hands messages to their own devices has some.
        if (item.senderHasIt) this.#dispatch.resumeMember(item.sendID)
        const pendingFrom = fresh && item.senderHasIt ? this.#dispatch.lowestPending(item.sendID) : null
        return result.ok && pendingFrom !== null ? { ...result, pendingFrom } : result
      })
    } catch (error) {
      this.#logs = this.#freshLogs()
      this.#members = new Members(this.ctx.storage.sql)
      stamped.length = 0
      handedOver = false
      throw error
    } finally {
      if (handedOver) this.#dispatch.deliverGroupChange([], { joined: [], left: [], leftShards: new Map(), handedOver })
      if (stamped.some((message) => message.seq > 0)) void this.#recoveryAlarm.arm(now)
      for (const message of stamped) this.#dispatch.deliver(message)
      this.#appServer.sendAfterWebhooks(stamped)
      // Settings of people who have no conversation yet may change without a word to this object.
      if (!this.#members.persistent) this.#members = new Members(this.ctx.storage.sql)
    }
  }

  /** Runs the steps of one commit. One message in a settled conversation is one statement, which is atomic as it is. */
  #atomically(items: AppendItem[], step: (item: AppendItem) => AppendResult): AppendResult[] {
    if (items.length === 1 && this.#members.persistent) return items.map(step)
    return this.ctx.storage.transactionSync(() => items.map(step))
  }

  /**
   * Writes down who takes part.
   * @returns whether relays deliver from the start: a group that D1 knew before may be large
   */
  #settle(now: number): boolean {
    const { sql } = this.ctx.storage
    this.#members.persist()
    if (!outgrows(sql, configOf(this.env).maxDirectMembers)) return false
    handOverToRelays(sql, now)
    this.#members = new Members(sql)
    return true
  }

  #refusalOf(item: AppendItem, now: number): ImError | null {
    const { friendVerify, admins } = configOf(this.env)
    const isAppAdmin = admins.has(item.sendID)
    const byGroup = refusalByGroup(this.#members, item, { isAppAdmin, now })
    if (byGroup) return byGroup
    const isGroup = item.sessionType === SessionType.Group
    if (!item.exempt && !(isGroup && isAppAdmin) && !this.#members.has(item.sendID)) {
      return ImError.notInGroup(`${item.sendID} takes no part in the conversation`)
    }
    return refusalByReceiver(this.#members, item, friendVerify)
  }

  /** @throws ImError 1004 while there is no message; an object that was woken by mistake stays empty */
  #kind(): Kind {
    const { kind } = this.#members
    if (!kind) throw ImError.notFound(`there is no conversation ${this.#conversationID()}`)
    return kind
  }

  /** Moves the bound below which nobody reads; it never goes back. */
  #raiseCleared(minSeq: number): void {
    this.ctx.storage.sql.exec(
      'INSERT INTO cleared (id, min_seq) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET min_seq = max(min_seq, excluded.min_seq)',
      minSeq,
    )
  }

  #windowOf(log: LogName, window: ReadWindow): ReadWindow {
    if (log === 'notification') return window
    return this.#members.clip(window, configOf(this.env).admins.has(window.userID))
  }

  #readable(log: LogName): ReadableLog {
    if (log === 'notification') {
      return { log: this.#logs.notification, minSeq: 0, members: this.#members, hidden: null }
    }
    const [cleared] = this.ctx.storage.sql.exec<{ min_seq: number }>('SELECT min_seq FROM cleared').toArray()
    return { log: this.#logs.chat, minSeq: cleared?.min_seq ?? 0, members: this.#members, hidden: this.#hidden }
  }

  /** Two first messages at once wait for the same look into D1 and go on in the order they came. */
  async #open(first: AppendItem): Promise<ImError | null> {
    this.#opening ??= this.#openOnce(first).finally(() => {
      this.#opening = null
    })
    try {
      await this.#opening
      return null
    } catch (error) {
      if (!(error instanceof ImError)) throw error
      return error
    }
  }

  async #openOnce(first: Pick<AppendItem, 'sessionType' | 'sendID' | 'recvID' | 'groupID'>): Promise<void> {
    await withOverrides(this.env, (work) => this.ctx.waitUntil(work))
    const { members, status } = await loadMembers(openDatabase(this.env.DB), first, (userID) =>
      userObject(this.env, userID).memberSettings(this.#conversationID()),
    )
    this.#members.open({ sessionType: first.sessionType, groupID: first.groupID }, members, status)
  }

  /** A group that was never spoken in, nor changed, is read from D1. */
  async #openGroup({ groupID, create }: GroupChange): Promise<void> {
    if (create || this.#members.kind) return
    await this.#openOnce({ sessionType: SessionType.Group, sendID: '', recvID: '', groupID })
  }

  #commitChange(change: GroupChange, applied: AppliedChange): Committed {
    const { sql } = this.ctx.storage
    try {
      const committed = commitGroupChange({ sql, members: this.#members, logs: this.#logs }, change, {
        applied,
        now: Date.now(),
        config: configOf(this.env),
        conversationID: this.#conversationID(),
      })
      this.#members = new Members(sql)
      return committed
    } catch (error) {
      this.#logs = this.#freshLogs()
      this.#members = new Members(sql)
      throw error
    }
  }

  async #readRelations(): Promise<void> {
    // A conversation that opens right now may have read what was there before the change.
    await this.#opening?.catch(() => {})
    const { kind, userIDs } = this.#members
    if (kind?.sessionType !== SessionType.Single) return
    const db = openDatabase(this.env.DB)
    const related = await db.batch(relationStatements(db, userIDs))
    for (const userID of userIDs) this.#members.setRelation(userID, relationOf(userID, related))
  }

  get #log(): Log {
    return createLog(() => configOf(this.env).logLevel, { conversationID: this.#conversationID() })
  }

  #freshLogs(): Record<LogName, MessageLog> {
    const { sql } = this.ctx.storage
    return { chat: new MessageLog(sql, 'chat'), notification: new MessageLog(sql, 'notification') }
  }

  #conversationID(): string {
    const { name } = this.ctx.id
    if (name === undefined) throw new Error('a conversation is reached by its ID only')
    return name
  }
}
