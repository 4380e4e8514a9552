import type { LogName } from '../../../contracts/messages.ts'
import { Burning } from './burning.ts'
import { ClearedHistory } from './cleared-history.ts'
import { HiddenMessages } from './hidden-messages.ts'
import { Members } from './members.ts'
import { Mentions } from './mentions.ts'
import { MessageLog } from './message-log.ts'

/**
 * The members and the logs, each an in-memory copy of rows. A transaction that is rolled back, or that writes member
 * rows with statements of its own, leaves a copy wrong. `reload` then replaces the wrong copy. So always read
 * `state.members` and `state.logs` here, and never keep them across an await.
 */
export class ConversationState {
  readonly sql: SqlStorage
  readonly hidden: HiddenMessages
  readonly cleared: ClearedHistory
  readonly #storage: DurableObjectStorage
  #members: Members
  #logs: Record<LogName, MessageLog>
  #mentions: Mentions
  #burning: Burning

  constructor(storage: DurableObjectStorage) {
    this.sql = storage.sql
    this.hidden = new HiddenMessages(storage.sql)
    this.cleared = new ClearedHistory(storage.sql)
    this.#storage = storage
    this.#members = new Members(storage.sql)
    this.#logs = freshLogs(storage.sql)
    this.#mentions = new Mentions(storage.sql)
    this.#burning = new Burning(storage.sql)
  }

  get members(): Members {
    return this.#members
  }

  get logs(): Readonly<Record<LogName, MessageLog>> {
    return this.#logs
  }

  get burning(): Burning {
    return this.#burning
  }

  get mentions(): Mentions {
    return this.#mentions
  }

  /** Runs everything in one commit, or rolls all of it back when `run` throws. */
  transaction<T>(run: () => T): T {
    return this.#storage.transactionSync(run)
  }

  /** Drops every copy, for example after a rollback. */
  reload(): void {
    this.#logs = freshLogs(this.sql)
    this.#mentions = new Mentions(this.sql)
    this.#burning = new Burning(this.sql)
    this.reloadMembers()
  }

  /** Drops only the copy of the members, which removes members that were never written. */
  reloadMembers(): void {
    this.#members = new Members(this.sql)
  }
}

function freshLogs(sql: SqlStorage): Record<LogName, MessageLog> {
  return { chat: new MessageLog(sql, 'chat'), notification: new MessageLog(sql, 'notification') }
}
