import { inArray } from 'drizzle-orm'
import { user } from '../../features/user/tables.ts'
import type { Database } from '../../platform/d1.ts'
import type { About, AppendItem } from '../../platform/rpc.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { ImError } from '../../protocol/errors.ts'

/** What kind of conversation this is; fixed by its first message. */
export interface Kind {
  sessionType: number
  groupID: string
}

/** The conversation's own copy of who takes part, so that no message has to ask D1. */
export class Members {
  readonly #sql: SqlStorage
  #kind: Kind | null = null
  #userIDs: string[] = []

  constructor(sql: SqlStorage) {
    this.#sql = sql
    const [kind] = sql
      .exec<{ session_type: number; group_id: string }>('SELECT session_type, group_id FROM kind WHERE id = 1')
      .toArray()
    if (!kind) return
    this.#kind = { sessionType: kind.session_type, groupID: kind.group_id }
    this.#userIDs = sql
      .exec<{ user_id: string }>('SELECT user_id FROM member')
      .toArray()
      .map((row) => row.user_id)
  }

  /** Null until the first message. */
  get kind(): Kind | null {
    return this.#kind
  }

  /** What this conversation is for one of its members; null until the first message. */
  aboutFor(userID: string): About | null {
    if (!this.#kind) return null
    const { sessionType, groupID } = this.#kind
    // Who writes to nobody else talks to themselves.
    const peerUserID = groupID === '' ? (this.#userIDs.find((id) => id !== userID) ?? userID) : ''
    return { sessionType, groupID, peerUserID }
  }

  get userIDs(): readonly string[] {
    return this.#userIDs
  }

  has(userID: string): boolean {
    return this.#userIDs.includes(userID)
  }

  open(kind: Kind, userIDs: readonly string[]): void {
    this.#sql.exec('INSERT INTO kind (id, session_type, group_id) VALUES (1, ?, ?)', kind.sessionType, kind.groupID)
    for (const userID of userIDs) this.#sql.exec('INSERT INTO member (user_id) VALUES (?)', userID)
    this.#kind = kind
    this.#userIDs = [...userIDs]
  }
}

/**
 * Who takes part in a conversation that has no message yet. This is the one question to D1 in a conversation's life.
 * @throws ImError 1004 when one of the users is not registered, 1201 when the group does not exist
 */
export async function firstMembers(db: Database, item: AppendItem): Promise<string[]> {
  if (item.sessionType === SessionType.Group) throw ImError.groupNotFound(`there is no group ${item.groupID}`)
  const userIDs = [...new Set([item.sendID, item.recvID])]
  const rows = await db.select({ userID: user.userID }).from(user).where(inArray(user.userID, userIDs))
  const known = new Set(rows.map((row) => row.userID))
  const missing = userIDs.filter((userID) => !known.has(userID))
  if (missing.length > 0) throw ImError.notFound(`no user is registered as ${JSON.stringify(missing[0])}`)
  return userIDs
}
