import { z } from 'zod'

/** At most this many conversations are kept; a message that a crash repeats is only seconds old. */
const MAX_CONVERSATIONS = 50

/** The newest pushed seq of each conversation, the conversation pushed last at the end. */
const PushedSeqs = z.array(z.tuple([z.string(), z.number()]))

type Row = { global_recv_msg_opt: number; badge: number; rung_for: string }

/**
 * The state of offline pushes: the badge, the newest seq of each conversation that was pushed, and the user's receive
 * option for all conversations. Table `bell` has all of it in one row (the seqs in `rung_for`), so that a push writes
 * one row.
 */
export class PushState {
  readonly #sql: SqlStorage
  #badge = 0
  #globalRecvMsgOpt = 0
  #pushedSeqs = new Map<string, number>()
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

  /** Whether that message, or a newer one of the conversation, was pushed. */
  hasPushed(conversationID: string, seq: number): boolean {
    this.#read()
    return seq > 0 && seq <= (this.#pushedSeqs.get(conversationID) ?? 0)
  }

  /** Records a push; in memory until `save`. */
  recordPush(conversationID: string, seq: number, raisesBadgeBy: number): void {
    this.#read()
    this.#badge += raisesBadgeBy
    if (seq === 0) return
    this.#pushedSeqs.delete(conversationID)
    this.#pushedSeqs.set(conversationID, seq)
    const [oldest] = this.#pushedSeqs.keys()
    if (oldest !== undefined && this.#pushedSeqs.size > MAX_CONVERSATIONS) this.#pushedSeqs.delete(oldest)
  }

  /** OpenIM: a push for a message that does not count shows the current badge, and 1 instead of 0. */
  shownBadge(counts: boolean): number {
    this.#read()
    return counts ? this.#badge : Math.max(1, this.#badge)
  }

  save(): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO bell (id, global_recv_msg_opt, badge, rung_for) VALUES (1, ?, ?, ?)',
      this.#globalRecvMsgOpt,
      this.#badge,
      JSON.stringify([...this.#pushedSeqs]),
    )
  }

  #read(): void {
    if (this.#isRead) return
    const [row] = this.#sql.exec<Row>('SELECT global_recv_msg_opt, badge, rung_for FROM bell').toArray()
    if (row) {
      this.#badge = row.badge
      this.#globalRecvMsgOpt = row.global_recv_msg_opt
      this.#pushedSeqs = new Map(PushedSeqs.parse(JSON.parse(row.rung_for)))
    }
    this.#isRead = true
  }
}
