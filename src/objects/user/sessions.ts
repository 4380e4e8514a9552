import type { SessionState } from '../../platform/rpc.ts'
import { Platform } from '../../protocol/constants/platform.ts'
import type { Login } from '../../protocol/multi-login.ts'

const State = { InForce: 0, Kicked: 2, Replaced: 4 } as const

/** An app backend that cached the admin token a moment ago may go on using it for so long after the next one. */
const ADMIN_GRACE_MS = 5 * 60_000

/** Kicked tokens are remembered so that their devices hear "kicked", the newest so many of them. */
const MAX_KICKED = 50

/** Tokens whose state is at hand. */
const MAX_READ = 100

type Row = { state: number; grace_until: number }

export interface Session extends Login {
  openedAt: number
}

/** The user's tokens by platform, and which of them are in force. */
export class Sessions {
  readonly #sql: SqlStorage
  /** What was read since the last change: a backend shows the same token with every call. */
  readonly #read = new Map<string, Row | null>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  open(session: { platformID: number; key: string; expiresAt: number }, now: number): void {
    this.#read.clear()
    this.#sql.exec('DELETE FROM session WHERE expires_at * 1000 <= ?', now)
    if (session.platformID === Platform.Admin) {
      this.#sql.exec(
        'UPDATE session SET state = ?, grace_until = ? WHERE platform_id = ? AND state = ? AND token_key <> ?',
        State.Replaced,
        now + ADMIN_GRACE_MS,
        Platform.Admin,
        State.InForce,
        session.key,
      )
      this.#sql.exec('DELETE FROM session WHERE state = ? AND grace_until <= ?', State.Replaced, now)
    }
    // Two tokens signed in the same second are the same token: it is in force again.
    this.#sql.exec(
      'INSERT OR REPLACE INTO session (platform_id, token_key, state, expires_at, opened_at) VALUES (?, ?, ?, ?, ?)',
      session.platformID,
      session.key,
      State.InForce,
      session.expiresAt,
      now,
    )
  }

  state(platformID: number, key: string, now: number): SessionState {
    const row = this.#find(platformID, key)
    if (!row) return 'unknown'
    if (row.state === State.InForce) return 'normal'
    if (row.state === State.Replaced) return row.grace_until > now ? 'normal' : 'unknown'
    return 'kicked'
  }

  #find(platformID: number, key: string): Row | null {
    const name = `${platformID} ${key}`
    const known = this.#read.get(name)
    if (known !== undefined) return known
    const [row = null] = this.#sql
      .exec<Row>('SELECT state, grace_until FROM session WHERE platform_id = ? AND token_key = ?', platformID, key)
      .toArray()
    if (this.#read.size >= MAX_READ) this.#read.clear()
    this.#read.set(name, row)
    return row
  }

  /** Sessions in force, newest first. */
  inForce(): Session[] {
    return this.#sql
      .exec<{ platform_id: number; token_key: string; opened_at: number }>(
        'SELECT platform_id, token_key, opened_at FROM session WHERE state = ? ORDER BY opened_at DESC',
        State.InForce,
      )
      .toArray()
      .map((row) => ({ platformID: row.platform_id, tokenKey: row.token_key, openedAt: row.opened_at }))
  }

  kick(logins: readonly Login[]): void {
    this.#read.clear()
    for (const { platformID, tokenKey } of logins) {
      this.#sql.exec(
        'UPDATE session SET state = ? WHERE platform_id = ? AND token_key = ?',
        State.Kicked,
        platformID,
        tokenKey,
      )
    }
    this.#trimKicked()
  }

  kickPlatform(platformID: number): void {
    this.#read.clear()
    this.#sql.exec('UPDATE session SET state = ? WHERE platform_id = ?', State.Kicked, platformID)
    this.#trimKicked()
  }

  #trimKicked(): void {
    const old = this.#sql
      .exec<{ platform_id: number; token_key: string }>(
        'SELECT platform_id, token_key FROM session WHERE state = ? ORDER BY opened_at DESC LIMIT -1 OFFSET ?',
        State.Kicked,
        MAX_KICKED,
      )
      .toArray()
    for (const row of old) {
      this.#sql.exec('DELETE FROM session WHERE platform_id = ? AND token_key = ?', row.platform_id, row.token_key)
    }
  }
}
