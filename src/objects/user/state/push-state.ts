import { z } from 'zod'

/** So many conversations are remembered: what is delivered again after a crash is seconds old. */
const MAX_CONVERSATIONS = 50

/** Seqs by conversation, in the order in which they were rung for. */
const RungFor = z.array(z.tuple([z.string(), z.number()]))

type Row = { global_recv_msg_opt: number; badge: number; rung_for: string }

/**
 * What this object keeps of ringing its user's absent phones: the badge, up to where they were rung for in each
 * conversation, and the user's receive option for everything. One row, so that a push costs one.
 */
export class PushState {
  readonly #sql: SqlStorage
  #badge = 0
  #globalRecvMsgOpt = 0
  #pushedFor = new Map<string, number>()
  #isRead = false

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  get globalRecvMsgOpt(): number {
    this.#read()
    return this.#globalRecvMsgOpt
  }

  setGlobalRecvMsgOpt(globalRecvMsgOpt: number): void {
    this.#read()
    this.#globalRecvMsgOpt = globalRecvMsgOpt
    this.save()
  }

  setBadge(badge: number): void {
    this.#read()
    this.#badge = badge
    this.save()
  }

  /** Whether the user was rung for that message, or for a newer one of the conversation. */
  hasPushedFor(conversationID: string, seq: number): boolean {
    this.#read()
    return seq > 0 && seq <= (this.#pushedFor.get(conversationID) ?? 0)
  }

  /** Notes a push, in memory until `save`. */
  recordPush(conversationID: string, seq: number, raisesBadgeBy: number): void {
    this.#read()
    this.#badge += raisesBadgeBy
    if (seq === 0) return
    this.#pushedFor.delete(conversationID)
    this.#pushedFor.set(conversationID, seq)
    const [oldest] = this.#pushedFor.keys()
    if (oldest !== undefined && this.#pushedFor.size > MAX_CONVERSATIONS) this.#pushedFor.delete(oldest)
  }

  /** OpenIM: a message that does not count shows what is there, and 1 rather than none. */
  shownBadge(counts: boolean): number {
    this.#read()
    return counts ? this.#badge : Math.max(1, this.#badge)
  }

  save(): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO bell (id, global_recv_msg_opt, badge, rung_for) VALUES (1, ?, ?, ?)',
      this.#globalRecvMsgOpt,
      this.#badge,
      JSON.stringify([...this.#pushedFor]),
    )
  }

  #read(): void {
    if (this.#isRead) return
    const [row] = this.#sql.exec<Row>('SELECT global_recv_msg_opt, badge, rung_for FROM bell').toArray()
    if (row) {
      this.#badge = row.badge
      this.#globalRecvMsgOpt = row.global_recv_msg_opt
      this.#pushedFor = new Map(RungFor.parse(JSON.parse(row.rung_for)))
    }
    this.#isRead = true
  }
}
