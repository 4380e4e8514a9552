import type { SessionState } from '../../../contracts/user.ts'
import { Platform } from '../../../protocol/constants/platform.ts'
import type { Login } from '../../../protocol/multi-login.ts'

const State = { InForce: 0, Kicked: 2, Replaced: 4 } as const

/** An app backend that cached the admin token a moment ago may go on using it for so long after the next one. */
const ADMIN_GRACE_MS = 5 * 60_000

/** Kicked tokens are remembered so that their devices hear "kicked", the newest so many of them. */
const MAX_KICKED = 50

/** All tokens as JSON, for the statement that every wake begins with. */
export const ALL_SESSIONS = `
  SELECT json_group_array(json_array(platform_id || ' ' || token_key, state, grace_until)) FROM session`

type State = (typeof State)[keyof typeof State]

interface Known {
  state: State
  graceUntil: number
}

export interface Session extends Login {
  openedAt: number
}

/** The user's tokens by platform, and which of them are in force. */
export class Sessions {
  readonly #sql: SqlStorage
  /** By platform and key; null when they were not read since the last change. */
  #atHand: ReadonlyMap<string, Known> | null

  /** @param all what `ALL_SESSIONS` has read */
  constructor(sql: SqlStorage, all: string) {
    this.#sql = sql
    this.#atHand = asMap(all)
  }

  open(session: { platformID: number; key: string; expiresAt: number }, now: number): void {
    this.#atHand = null
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
    this.#atHand ??= asMap(this.#sql.exec<{ sessions: string }>(`SELECT (${ALL_SESSIONS}) AS sessions`).one().sessions)
    const known = this.#atHand.get(`${platformID} ${key}`)
    if (!known) return 'unknown'
    if (known.state === State.InForce) return 'normal'
    if (known.state === State.Replaced) return known.graceUntil > now ? 'normal' : 'unknown'
    return 'kicked'
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
    this.#atHand = null
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
    this.#atHand = null
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

function asMap(all: string): ReadonlyMap<string, Known> {
  const rows = JSON.parse(all) as [name: string, state: State, graceUntil: number][]
  return new Map(rows.map(([name, state, graceUntil]) => [name, { state, graceUntil }]))
}
