import type { Range } from './messages/ranges.ts'
import { type Address, addressOf } from './messages/target.ts'
import { Value } from './observable.ts'
import type { Rows } from './store/rows.ts'
import type { Conversation, ConversationList, Message } from './types.ts'

/** The state of a conversation in the local store. */
export interface ConversationRow extends Address {
  /** Nickname or group name. */
  name: string
  faceURL: string
  maxSeq: number
  hasReadSeq: number
  /** One-to-one: the seq up to which the other user has read. */
  peerReadSeq: number
  /** Messages below it are not readable; 0 = no bound. */
  minSeq: number
  latestMessage: Message | undefined
  /** The seqs whose messages are in the local store. */
  ranges: readonly Range[]
  /** False for a conversation that the server does not have yet. */
  isOnServer: boolean
  groupAtType: number
  recvMsgOpt: number
  isPinned: boolean
  isPrivateChat: boolean
  burnDuration: number
  isMsgDestruct: boolean
  msgDestructTime: number
  ex: string
}

/** The settings of a conversation in OpenIM's answers. */
export interface WireConversation {
  conversationID: string
  conversationType: number
  userID: string
  groupID: string
  recvMsgOpt: number
  isPinned: boolean
  isPrivateChat: boolean
  groupAtType: number
  ex: string
  burnDuration: number
  minSeq: number
  msgDestructTime: number
  isMsgDestruct: boolean
}

interface Draft {
  text: string
  time: number
}

/** The data that other parts of the client add to the list. */
export interface ListSources {
  remarkOf(userID: string): string
  /** The messages of a conversation that the server has not confirmed, the oldest first. */
  pendingIn(conversationID: string): readonly Message[]
}

const ALL = '\u{10ffff}'

/** The conversations of this user, and the list of them. */
export class Conversations {
  readonly list = new Value<ConversationList>({ conversations: [], isLoaded: false, isStale: true, totalUnread: 0 })
  readonly #rows = new Map<string, ConversationRow>()
  readonly #drafts = new Map<string, Draft>()
  readonly #snapshots = new Map<string, { source: unknown[]; snapshot: Conversation }>()
  readonly #db: Rows
  readonly #selfID: string
  readonly #sources: ListSources
  #isQueued = false

  constructor(db: Rows, selfID: string, sources: ListSources) {
    this.#db = db
    this.#selfID = selfID
    this.#sources = sources
  }

  /** Shows what the last visit left in the store. */
  async restore(): Promise<void> {
    const [rows, drafts] = await Promise.all([
      this.#db.range<ConversationRow>('conversations', '', ALL),
      this.#db.range<Draft & { conversationID: string }>('drafts', '', ALL),
    ])
    for (const row of rows) this.#rows.set(row.conversationID, row)
    for (const { conversationID, ...draft } of drafts) this.#drafts.set(conversationID, draft)
    if (rows.length > 0) this.list.set({ ...this.list.get(), isLoaded: true })
    this.#publish()
  }

  get(conversationID: string): ConversationRow | undefined {
    return this.#rows.get(conversationID)
  }

  all(): Iterable<ConversationRow> {
    return this.#rows.values()
  }

  /** The conversation, made locally if the server has none yet. */
  ensure(address: Address): ConversationRow {
    return this.#rows.get(address.conversationID) ?? this.set({ ...blank(address), ...address })
  }

  /** Changes a conversation that is known, and keeps it. */
  update(conversationID: string, change: Partial<ConversationRow>): void {
    const row = this.#rows.get(conversationID)
    if (row) this.set({ ...row, ...change })
  }

  set(row: ConversationRow): ConversationRow {
    this.#rows.set(row.conversationID, row)
    this.#db.put({ table: 'conversations', key: row.conversationID, value: row })
    this.refresh()
    return row
  }

  /** Takes over the settings of the server. */
  apply(wire: WireConversation): ConversationRow {
    const { conversationID, conversationType, userID, groupID } = wire
    const known = this.#rows.get(conversationID) ?? blank({ conversationID, conversationType, userID, groupID })
    const { recvMsgOpt, isPinned, isPrivateChat, groupAtType, ex, burnDuration, msgDestructTime, isMsgDestruct } = wire
    const settings = { recvMsgOpt, isPinned, isPrivateChat, groupAtType, ex, burnDuration }
    const minSeq = Math.max(known.minSeq, wire.minSeq)
    if (minSeq > known.minSeq) this.dropMessages(conversationID, 0, minSeq - 1)
    const isReadable = (known.latestMessage?.seq ?? 0) >= minSeq
    return this.set({
      ...known,
      ...settings,
      ...{ msgDestructTime, isMsgDestruct, minSeq, isOnServer: true },
      latestMessage: isReadable ? known.latestMessage : undefined,
    })
  }

  delete(conversationID: string): void {
    if (!this.#rows.delete(conversationID)) return
    this.dropMessages(conversationID, 0, Number.MAX_SAFE_INTEGER)
    this.#db.put({ table: 'conversations', key: conversationID, isDeletion: true })
    this.refresh()
  }

  /** Deletes stored messages; the seqs stay known, so that they are not fetched again. */
  dropMessages(conversationID: string, from: number, to: number): void {
    if (from > to) return
    const bounds = { from: [conversationID, from] as const, to: [conversationID, to] as const }
    this.#db.put({ table: 'messages', ...bounds, isDeletion: true })
  }

  draftOf(conversationID: string): string {
    return this.#drafts.get(conversationID)?.text ?? ''
  }

  setDraft(address: Address, text: string): void {
    const { conversationID } = address
    if (text === this.draftOf(conversationID)) return
    this.ensure(address)
    if (text === '') {
      this.#drafts.delete(conversationID)
      this.#db.put({ table: 'drafts', key: conversationID, isDeletion: true })
    } else {
      const draft = { text, time: Date.now() }
      this.#drafts.set(conversationID, draft)
      this.#db.put({ table: 'drafts', key: conversationID, value: { conversationID, ...draft } })
    }
    this.refresh()
  }

  /** Publishes the list after the changes of this task. */
  refresh(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    queueMicrotask(() => {
      this.#isQueued = false
      this.#publish()
    })
  }

  setLoaded(state: Pick<ConversationList, 'isStale'> & { error?: ConversationList['error'] }): void {
    const { error: _previous, ...list } = this.list.get()
    const { isStale, error } = state
    this.list.set({ ...list, isLoaded: list.isLoaded || !isStale, isStale, ...(error ? { error } : {}) })
    this.refresh()
  }

  #publish(): void {
    const conversations = [...this.#rows.values()]
      .map((row) => this.#snapshot(row))
      // A conversation without messages is opened from the contacts, not from the list.
      .filter(({ latestMessage, draft }) => latestMessage || draft !== '')
      .sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || b.latestTime - a.latestTime)
    const totalUnread = conversations.reduce((sum, { recvMsgOpt, unreadCount }) => {
      // OpenIM: a conversation that is received without notification does not count.
      return recvMsgOpt === 0 ? sum + unreadCount : sum
    }, 0)
    this.list.set({ ...this.list.get(), conversations, totalUnread })
  }

  /** The same object as long as nothing in it changes, so that unchanged entries of the list need no new paint. */
  #snapshot(row: ConversationRow): Conversation {
    const { conversationID } = row
    const pending = this.#sources.pendingIn(conversationID)
    const remark = row.userID === '' ? '' : this.#sources.remarkOf(row.userID)
    const draft = this.#drafts.get(conversationID)
    const newest = pending.at(-1)
    const source = [row, remark, draft, newest, pending.length]
    const known = this.#snapshots.get(conversationID)
    if (known?.source.every((value, i) => value === source[i])) return known.snapshot
    const latestMessage = newest && newest.sendTime >= (row.latestMessage?.sendTime ?? 0) ? newest : row.latestMessage
    const { name, peerReadSeq: _peer, minSeq: _min, ranges: _ranges, isOnServer: _known, ...shown } = row
    const snapshot: Conversation = {
      ...shown,
      showName: remark || name || row.userID || row.groupID,
      latestMessage,
      latestTime: Math.max(latestMessage?.sendTime ?? 0, draft?.time ?? 0),
      unreadCount: Math.max(0, row.maxSeq - Math.max(row.hasReadSeq, row.minSeq - 1)),
      draft: draft?.text ?? '',
      failedCount: pending.filter(({ status }) => status === 'failed').length,
    }
    this.#snapshots.set(conversationID, { source, snapshot })
    return snapshot
  }

  /** The address of a conversation of this user by its ID. */
  addressOf(conversationID: string): Address {
    return this.#rows.get(conversationID) ?? addressOf({ conversationID }, this.#selfID)
  }
}

function blank(address: Address): ConversationRow {
  return {
    ...address,
    ...{ name: '', faceURL: '', maxSeq: 0, hasReadSeq: 0, peerReadSeq: 0, minSeq: 0, latestMessage: undefined },
    ...{ ranges: [], isOnServer: false, groupAtType: 0, recvMsgOpt: 0, isPinned: false, isPrivateChat: false },
    ...{ burnDuration: 0, isMsgDestruct: false, msgDestructTime: 0, ex: '' },
  }
}
