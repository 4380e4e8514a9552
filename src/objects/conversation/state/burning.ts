/** How long one member's messages stay after they were read, for messages from a seq on; 0 = they stay. */
interface BurnSetting {
  userID: string
  fromSeq: number
  seconds: number
}

/**
 * The private messages of a one-to-one chat: the members' settings, and the messages that were read and wait for their
 * end. A chat without such a setting has no rows here.
 */
export class Burning {
  readonly #sql: SqlStorage
  /** By `fromSeq`; null = not read yet. */
  #settings: BurnSetting[] | null = null
  /** When the first message is due, ms; null = no message waits; undefined = not read yet. */
  #nextDue: number | null | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** When the first message is due, ms; null when no message waits. */
  get nextDue(): number | null {
    if (this.#nextDue === undefined) {
      this.#nextDue = this.#sql.exec<{ due: number | null }>('SELECT min(due) AS due FROM burn').one().due
    }
    return this.#nextDue
  }

  /** The lowest seq that a setting may concern; null when no member ever had a setting. */
  get firstSeq(): number | null {
    return this.#all()[0]?.fromSeq ?? null
  }

  /** Sets how long a member's messages stay after they were read. Messages below `fromSeq` keep their rule. */
  set(userID: string, fromSeq: number, seconds: number): void {
    if (this.#secondsOf(userID, Number.MAX_SAFE_INTEGER) === seconds) return
    this.#sql.exec(
      'INSERT OR REPLACE INTO burn_setting (user_id, from_seq, seconds) VALUES (?, ?, ?)',
      userID,
      fromSeq,
      seconds,
    )
    this.#settings = null
  }

  /** How long a message stays after it was read: as its sender has set it, or else its reader; 0 = it stays. */
  secondsFor(seq: number, sendID: string, readerID: string): number {
    return this.#secondsOf(sendID, seq) || this.#secondsOf(readerID, seq)
  }

  /** Lets a message end at a time (ms). Reading it again does not prolong it. */
  start(seq: number, due: number): void {
    this.#sql.exec('INSERT OR IGNORE INTO burn (seq, due) VALUES (?, ?)', seq, due)
    this.#nextDue = undefined
  }

  /** The messages that are due, ascending. They do not wait any longer. */
  takeDue(now: number): number[] {
    const rows = this.#sql.exec<{ seq: number }>('DELETE FROM burn WHERE due <= ? RETURNING seq', now).toArray()
    this.#nextDue = undefined
    return rows.map((row) => row.seq).sort((a, b) => a - b)
  }

  #secondsOf(userID: string, seq: number): number {
    return this.#all().findLast((setting) => setting.userID === userID && setting.fromSeq <= seq)?.seconds ?? 0
  }

  #all(): BurnSetting[] {
    this.#settings ??= this.#sql
      .exec<{ user_id: string; from_seq: number; seconds: number }>('SELECT * FROM burn_setting ORDER BY from_seq')
      .toArray()
      .map((row) => ({ userID: row.user_id, fromSeq: row.from_seq, seconds: row.seconds }))
    return this.#settings
  }
}
