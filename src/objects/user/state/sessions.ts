import type { SessionState } from '../../../contracts/user.ts'
import { MINUTE_MS } from '../../../platform/durations.ts'
import { Platform } from '../../../protocol/constants/platform.ts'
import type { Login } from '../../../protocol/multi-login.ts'

const State = { InForce: 0, Kicked: 2, Replaced: 4 } as const

/** An admin token stays valid for this time after a newer token was issued, because app servers cache tokens. */
const ADMIN_GRACE_MS = 5 * MINUTE_MS

/** The newest kicked tokens are kept, so that their devices get the error "kicked" instead of "unknown". */
const MAX_KICKED = 50

/** The newest replaced admin tokens are kept: an app server may request a token for every call that it makes. */
const MAX_REPLACED = 1_000

/** Selects all tokens as JSON; part of the statement that runs when the object wakes. */
export const SELECT_ALL_SESSIONS = `
  SELECT json_group_array(json_array(platform_id || ' ' || token_key, state, grace_until)) FROM session`

type State = (typeof State)[keyof typeof State]

interface KnownSession {
  state: State
  graceUntil: number
}

export interface Session extends Login {
  openedAt: number
}

/** The user's tokens, and whether each token is valid. */
export class Sessions {
  readonly #sql: SqlStorage
  /** By platform and token key; null when a write made the copy stale. */
  #cache: ReadonlyMap<string, KnownSession> | null

  /** @param sessionsJSON the result of `SELECT_ALL_SESSIONS` */
  constructor(sql: SqlStorage, sessionsJSON: string) {
    this.#sql = sql
    this.#cache = parseSessions(sessionsJSON)
  }

  /** Makes a newly signed token valid, and deletes expired tokens. */
  open(session: { platformID: number; key: string; expiresAt: number }, now: number): void {
    this.#cache = null
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
      this.#trim(State.Replaced, MAX_REPLACED)
    }
    // Each time is later than the one before it, so that the newest of two sessions of one millisecond is known.
    this.#sql.exec(
      `INSERT OR REPLACE INTO session (platform_id, token_key, state, expires_at, opened_at)
        VALUES (?, ?, ?, ?, max(?, (SELECT ifnull(max(opened_at), 0) + 1 FROM session)))`,
      session.platformID,
      session.key,
      State.InForce,
      session.expiresAt,
      now,
    )
  }

  state(platformID: number, key: string, now: number): SessionState {
    this.#cache ??= parseSessions(this.#readAll())
    const known = this.#cache.get(`${platformID} ${key}`)
    if (!known) return 'unknown'
    if (known.state === State.InForce) return 'normal'
    if (known.state === State.Replaced) return known.graceUntil > now ? 'normal' : 'unknown'
    return 'kicked'
  }

  /** Valid sessions, newest first. */
  inForce(): Session[] {
    return this.#sql
      .exec<{ platform_id: number; token_key: string; opened_at: number }>(
        'SELECT platform_id, token_key, opened_at FROM session WHERE state = ? ORDER BY opened_at DESC',
        State.InForce,
      )
      .toArray()
      .map((row) => ({ platformID: row.platform_id, tokenKey: row.token_key, openedAt: row.opened_at }))
  }

  /** Ends the given sessions; their tokens get the error "kicked". */
  kick(logins: readonly Login[]): void {
    this.#cache = null
    for (const { platformID, tokenKey } of logins) {
      this.#sql.exec(
        'UPDATE session SET state = ? WHERE platform_id = ? AND token_key = ?',
        State.Kicked,
        platformID,
        tokenKey,
      )
    }
    this.#trim(State.Kicked, MAX_KICKED)
  }

  kickPlatform(platformID: number): void {
    this.#cache = null
    this.#sql.exec('UPDATE session SET state = ? WHERE platform_id = ?', State.Kicked, platformID)
    this.#trim(State.Kicked, MAX_KICKED)
  }

  #readAll(): string {
    return this.#sql.exec<{ sessions: string }>(`SELECT (${SELECT_ALL_SESSIONS}) AS sessions`).one().sessions
  }

  /** Deletes all but the newest sessions of a state. */
  #trim(state: State, kept: number): void {
    const old = this.#sql
      .exec<{ platform_id: number; token_key: string }>(
        'SELECT platform_id, token_key FROM session WHERE state = ? ORDER BY opened_at DESC LIMIT -1 OFFSET ?',
        state,
        kept,
      )
      .toArray()
    for (const row of old) {
      this.#sql.exec('DELETE FROM session WHERE platform_id = ? AND token_key = ?', row.platform_id, row.token_key)
    }
  }
}

function parseSessions(sessionsJSON: string): ReadonlyMap<string, KnownSession> {
  const rows = JSON.parse(sessionsJSON) as [name: string, state: State, graceUntil: number][]
  return new Map(rows.map(([name, state, graceUntil]) => [name, { state, graceUntil }]))
}
