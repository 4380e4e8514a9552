import type { Conversations } from '../conversations.ts'
import { failureFrom } from '../errors.ts'
import { Value } from '../observable.ts'
import type { Message, ThreadState } from '../types.ts'
import type { History } from './history.ts'
import { knownFrom } from './ranges.ts'
import type { Address } from './target.ts'

const PAGE = 30
/** After a longer absence the thread stays where it was, and what is new is loaded page by page. */
const MAX_CATCH_UP = 300
/** Pages that hold deleted messages only are skipped, up to this number at once. */
const MAX_EMPTY_PAGES = 10
const TYPING_MS = 6_000

export interface WindowOptions {
  address: Address
  selfID: string
  history: History
  conversations: Conversations
  pending(): readonly Message[]
}

/**
 * The part of a conversation's history that is shown: the messages of a range of seqs without a gap, and after them
 * those that are not confirmed. All open threads of a conversation share it.
 */
export class ThreadWindow {
  readonly state: Value<ThreadState>
  readonly #options: WindowOptions
  readonly #id: string
  #messages: Message[] = []
  #from = 1
  #to = 0
  #isOpened = false
  /** False after a jump into the history. */
  #isFollowing = true
  #work: Promise<void> = Promise.resolve()
  readonly #typing = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(options: WindowOptions) {
    this.#options = options
    this.#id = options.address.conversationID
    const row = options.conversations.get(this.#id)
    this.state = new Value<ThreadState>({
      messages: [],
      ...{ isLoaded: false, hasOlder: false, hasNewer: false, isLoadingOlder: false, isLoadingNewer: false },
      ...{ openedAtSeq: row?.hasReadSeq ?? 0, peerReadSeq: row?.peerReadSeq ?? 0, typingUserIDs: [] },
    })
  }

  /** The last seq that is shown. */
  get lastSeq(): number {
    return this.#to
  }

  /** Shows what the store has, and then what the server has. */
  open(): Promise<void> {
    return this.#inOrder(async () => {
      if (!this.#isOpened) await this.#showStored()
      await this.#follow()
    })
  }

  /** Takes over what has come. */
  follow(): Promise<void> {
    return this.#inOrder(() => this.#follow())
  }

  loadOlder(): Promise<void> {
    if (this.state.get().isLoadingOlder || !this.state.get().hasOlder) return this.#work
    this.#set({ isLoadingOlder: true })
    return this.#inOrder(() => this.#loadOlder()).finally(() => this.#set({ isLoadingOlder: false }))
  }

  loadNewer(): Promise<void> {
    if (this.state.get().isLoadingNewer || !this.state.get().hasNewer) return this.#work
    this.#set({ isLoadingNewer: true })
    return this.#inOrder(() => this.#loadNewer()).finally(() => this.#set({ isLoadingNewer: false }))
  }

  jumpTo(seq: number): Promise<void> {
    return this.#inOrder(async () => {
      if (seq >= this.#from && seq <= this.#to) return
      const from = Math.max(this.#lowest, seq - PAGE)
      const to = Math.min(this.#highest, seq + PAGE)
      await this.#replace(from, to)
    })
  }

  jumpToLatest(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#to >= this.#highest) return
      await this.#replace(Math.max(this.#lowest, this.#highest - PAGE + 1), this.#highest)
    })
  }

  /** Shows a changed message, or removes a deleted one. */
  change(seqs: readonly number[], change: (message: Message) => Message | undefined): Promise<void> {
    return this.#inOrder(async () => {
      const changed = new Set(seqs)
      this.#messages = this.#messages.flatMap((message) => {
        return changed.has(message.seq) ? (change(message) ?? []) : message
      })
      this.publish()
    })
  }

  clear(): Promise<void> {
    return this.#inOrder(async () => {
      this.#messages = []
      this.#from = this.#highest + 1
      this.#to = this.#highest
      this.publish()
    })
  }

  setTyping(userID: string, isTyping: boolean): void {
    clearTimeout(this.#typing.get(userID))
    this.#typing.delete(userID)
    if (isTyping) {
      const ended = setTimeout(() => this.setTyping(userID, false), TYPING_MS)
      this.#typing.set(userID, ended)
    }
    this.#set({ typingUserIDs: [...this.#typing.keys()] })
  }

  close(): void {
    for (const timer of this.#typing.values()) clearTimeout(timer)
    this.#typing.clear()
  }

  /** Joins the confirmed and the unconfirmed messages. */
  publish(): void {
    const { conversations, pending, selfID } = this.#options
    const row = conversations.get(this.#id)
    const peerReadSeq = row?.peerReadSeq ?? 0
    const isReadByPeer = (message: Message) =>
      row?.conversationType === 1 && message.sendID === selfID && !message.isRead && message.seq <= peerReadSeq
    this.#messages = this.#messages.map((message) => (isReadByPeer(message) ? { ...message, isRead: true } : message))
    const hasNewer = this.#to < this.#highest
    const shown = new Set(this.#messages.map(({ clientMsgID }) => clientMsgID))
    const unconfirmed = hasNewer ? [] : pending().filter(({ clientMsgID }) => !shown.has(clientMsgID))
    this.#set({
      messages: [...this.#messages, ...unconfirmed],
      hasOlder: this.#from > this.#lowest && this.#to > 0,
      hasNewer,
      peerReadSeq,
    })
  }

  get #lowest(): number {
    return Math.max(1, this.#options.conversations.get(this.#id)?.minSeq ?? 0)
  }

  get #highest(): number {
    return this.#options.conversations.get(this.#id)?.maxSeq ?? 0
  }

  async #showStored(): Promise<void> {
    const { conversations, history } = this.#options
    const ranges = conversations.get(this.#id)?.ranges ?? []
    const to = ranges.at(-1)?.[1] ?? 0
    const known = knownFrom(ranges, to)
    if (known === undefined) return
    const from = Math.max(known, this.#lowest, to - PAGE + 1)
    if (from > to) return
    this.#messages = await history.stored(this.#id, [from, to])
    this.#from = from
    this.#to = to
    // Less than a page would make the view jump a moment later. Without a connection, it is shown after the failure.
    if (from > this.#lowest && to - from + 1 < PAGE) return
    this.#set({ isLoaded: true })
    this.publish()
  }

  async #follow(): Promise<void> {
    const { history } = this.#options
    const to = this.#highest
    if (!this.#isOpened) {
      const from = Math.max(this.#lowest, to - PAGE + 1)
      // Messages from the store stay if they join the newest page without a gap.
      const keepsStored = this.#messages.length > 0 && this.#to >= from - 1
      const start = keepsStored ? Math.min(from, this.#from) : from
      this.#messages = await history.messages(this.#id, [start, to])
      this.#from = start
      this.#to = to
      this.#isOpened = true
      await this.#untilSomeMessages()
    } else if (this.#isFollowing && to > this.#to) {
      if (to - this.#to > MAX_CATCH_UP) this.#isFollowing = false
      else await this.#append(to)
    }
    this.#set({ isLoaded: true })
    this.publish()
  }

  async #loadOlder(): Promise<void> {
    const count = this.#messages.length
    for (let page = 0; page < MAX_EMPTY_PAGES && this.#from > this.#lowest; page++) {
      await this.#prepend()
      if (this.#messages.length > count) break
    }
    this.publish()
  }

  async #untilSomeMessages(): Promise<void> {
    for (let page = 0; page < MAX_EMPTY_PAGES && this.#messages.length === 0; page++) {
      if (this.#from <= this.#lowest) return
      await this.#prepend()
    }
  }

  async #prepend(): Promise<void> {
    const from = Math.max(this.#lowest, this.#from - PAGE)
    const older = await this.#options.history.messages(this.#id, [from, this.#from - 1])
    this.#messages = [...older, ...this.#messages]
    this.#from = from
  }

  async #loadNewer(): Promise<void> {
    const count = this.#messages.length
    for (let page = 0; page < MAX_EMPTY_PAGES && this.#to < this.#highest; page++) {
      await this.#append(Math.min(this.#highest, this.#to + PAGE))
      if (this.#messages.length > count) break
    }
    this.#isFollowing = this.#to >= this.#highest
    this.publish()
  }

  async #append(to: number): Promise<void> {
    const newer = await this.#options.history.messages(this.#id, [this.#to + 1, to])
    this.#messages = [...this.#messages, ...newer]
    this.#to = to
  }

  async #replace(from: number, to: number): Promise<void> {
    this.#messages = await this.#options.history.messages(this.#id, [from, to])
    this.#from = from
    this.#to = to
    this.#isOpened = true
    this.#isFollowing = to >= this.#highest
    this.#set({ isLoaded: true })
    this.publish()
  }

  /** One change after another. An error is shown in the state; the next successful change removes it. */
  #inOrder(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      try {
        await work()
        if (this.state.get().error) {
          const { error: _error, ...state } = this.state.get()
          this.state.set(state)
        }
      } catch (error) {
        this.#set({ isLoaded: true, error: failureFrom(error, 'loading messages') })
        this.publish()
      }
    })
    return this.#work
  }

  #set(change: Partial<ThreadState>): void {
    this.state.set({ ...this.state.get(), ...change })
  }
}
