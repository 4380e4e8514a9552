import { WsRequestID } from '../../../../src/protocol/constants/ws-request.ts'
import {
  type MsgData,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
  type SeqRange,
} from '../../../../src/protocol/proto/index.ts'
import type { Link } from '../connection/link.ts'
import type { Conversations } from '../conversations.ts'
import type { Rows } from '../store/rows.ts'
import type { Message } from '../types.ts'
import { messageFrom } from './message.ts'
import { missingIn, type Range, withRange } from './ranges.ts'

/** OpenIM's clients ask for at most this many messages at once. */
const BATCH = 100

/** The stored messages, and those of the server that the store lacks. */
export class History {
  readonly #link: Pick<Link, 'request'>
  readonly #db: Rows
  readonly #conversations: Conversations
  readonly #selfID: string

  constructor(link: Pick<Link, 'request'>, db: Rows, conversations: Conversations, selfID: string) {
    this.#link = link
    this.#db = db
    this.#conversations = conversations
    this.#selfID = selfID
  }

  /** The messages of a range of seqs; the missing ones are fetched. Deleted messages are left out. */
  async messages(conversationID: string, [from, to]: Range): Promise<Message[]> {
    const known = this.#conversations.get(conversationID)?.ranges ?? []
    for (const [begin, end] of missingIn(known, [from, to])) {
      for (let at = begin; at <= end; at += BATCH) {
        const last = Math.min(end, at + BATCH - 1)
        const pulled = await this.pull([{ conversationID, begin: at, end: last, num: BATCH }])
        this.keep(conversationID, pulled.msgs[conversationID]?.Msgs ?? [], [at, last])
      }
    }
    return this.stored(conversationID, [from, to])
  }

  async stored(conversationID: string, [from, to]: Range): Promise<Message[]> {
    // IndexedDB refuses a range whose end is before its begin; a conversation without messages has such a range.
    if (from > to) return []
    return this.#db.range<Message>('messages', [conversationID, from], [conversationID, to])
  }

  async pull(seqRanges: SeqRange[]): Promise<PullMessageBySeqsResp> {
    const request = PullMessageBySeqsReq.encode({ userID: this.#selfID, seqRanges, order: 0 }).finish()
    return PullMessageBySeqsResp.decode(await this.#link.request(WsRequestID.PullMsgByRange, request))
  }

  /**
   * Keeps messages of the server. `range` are the seqs that were asked for: those without a message are deleted ones.
   * @returns the messages that can be shown
   */
  keep(conversationID: string, msgs: readonly MsgData[], range: Range): Message[] {
    const row = this.#conversations.get(conversationID)
    const messages = msgs.flatMap((msg) => messageFrom(msg, conversationID, this.#selfID) ?? [])
    this.#db.put(
      ...messages.map((value) => ({ table: 'messages' as const, key: [conversationID, value.seq] as const, value })),
    )
    if (row) {
      const readSeq = messages.findLast(({ isRead, sendID }) => isRead && sendID === this.#selfID)?.seq ?? 0
      const peerReadSeq = Math.max(row.peerReadSeq, row.conversationType === 1 ? readSeq : 0)
      this.#conversations.update(conversationID, { ranges: withRange(row.ranges, range), peerReadSeq })
    }
    return messages
  }

  /** Changes a stored message, if it is stored. */
  async change(conversationID: string, seq: number, change: (message: Message) => Message): Promise<void> {
    const key = [conversationID, seq] as const
    const stored = await this.#db.get<Message>('messages', key)
    if (stored) this.#db.put({ table: 'messages', key, value: change(stored) })
    const latest = this.#conversations.get(conversationID)?.latestMessage
    if (latest?.seq === seq) this.#conversations.update(conversationID, { latestMessage: change(latest) })
  }
}
