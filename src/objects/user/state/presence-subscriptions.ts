import type { UserRpc } from '../../../contracts/user.ts'
import { BatchingQueue } from '../../../platform/concurrency/batching-queue.ts'
import { ImError } from '../../../protocol/errors.ts'

/** Maximum number of users that one connection may subscribe to. */
const MAX_SUBSCRIPTIONS = 3_000

/** Maximum number of changes that one call reports. The call carries only the state after the last change. */
const MAX_CHANGES = 1_000

/**
 * Presence subscriptions in both directions: the users who subscribe to this user (table `presence_watcher`), and the
 * subscriptions of this user's connections to others (table `presence_subscription`). Both are in SQLite, because the
 * object hibernates while its sockets stay open. A subscription ends with its connection. A subscriber is removed when
 * the subscriber's object answers that none of its connections subscribes now.
 */
export class PresenceSubscriptions {
  readonly #sql: SqlStorage
  readonly #queues = new Map<string, BatchingQueue<void, boolean>>()
  readonly #user: (userID: string) => UserRpc
  /** False when the table of subscribers is known to be empty. */
  #mayHaveSubscribers: boolean

  /** @param hasSubscribers whether the table of subscribers has any row */
  constructor(sql: SqlStorage, user: (userID: string) => UserRpc, hasSubscribers: boolean) {
    this.#sql = sql
    this.#user = user
    this.#mayHaveSubscribers = hasSubscribers
  }

  /** The users who subscribe to this user. */
  subscribers(): string[] {
    if (!this.#mayHaveSubscribers) return []
    return this.#sql
      .exec<{ user_id: string }>('SELECT user_id FROM presence_watcher')
      .toArray()
      .map((row) => row.user_id)
  }

  addSubscriber(userID: string): void {
    this.#mayHaveSubscribers = true
    this.#sql.exec('INSERT OR IGNORE INTO presence_watcher (user_id) VALUES (?)', userID)
  }

  #removeSubscriber(userID: string): void {
    this.#sql.exec('DELETE FROM presence_watcher WHERE user_id = ?', userID)
  }

  /** Subscribes a connection to users. @throws ImError 1001 beyond the maximum */
  subscribe(connID: string, userIDs: readonly string[]): void {
    // A device may subscribe again to users that it subscribes to already: these count once.
    if (new Set([...this.subscriptionsOf([connID]), ...userIDs]).size > MAX_SUBSCRIPTIONS) {
      throw ImError.args(`a connection may subscribe to the presence of at most ${MAX_SUBSCRIPTIONS} users`)
    }
    for (const userID of userIDs) {
      this.#sql.exec('INSERT OR IGNORE INTO presence_subscription (conn_id, user_id) VALUES (?, ?)', connID, userID)
    }
  }

  unsubscribe(connID: string, userIDs: readonly string[]): void {
    for (const userID of userIDs) {
      this.#sql.exec('DELETE FROM presence_subscription WHERE conn_id = ? AND user_id = ?', connID, userID)
    }
  }

  /** The users that any of these connections subscribes to. */
  subscriptionsOf(connIDs: readonly string[]): string[] {
    const rows = connIDs.flatMap((connID) =>
      this.#sql
        .exec<{ user_id: string }>('SELECT user_id FROM presence_subscription WHERE conn_id = ?', connID)
        .toArray(),
    )
    return [...new Set(rows.map((row) => row.user_id))]
  }

  /** Deletes the subscriptions of a connection that has ended. */
  removeConnection(connID: string): void {
    this.#sql.exec('DELETE FROM presence_subscription WHERE conn_id = ?', connID)
  }

  /** The connections that subscribe to that user. */
  connectionsSubscribedTo(userID: string): Set<string> {
    const rows = this.#sql
      .exec<{ conn_id: string }>('SELECT conn_id FROM presence_subscription WHERE user_id = ?', userID)
      .toArray()
    return new Set(rows.map((row) => row.conn_id))
  }

  /**
   * Reports this user's presence to a subscriber, and removes a subscriber without interested connections. Each
   * subscriber gets one call at a time, so that the last call carries the newest state.
   */
  async notifySubscriber(subscriber: string, userID: string, platformIDs: () => number[]): Promise<void> {
    let queue = this.#queues.get(subscriber)
    if (!queue) {
      queue = new BatchingQueue(async (changes) => {
        const isInterested = await this.#user(subscriber).presenceChanged(userID, platformIDs())
        return changes.map(() => isInterested)
      }, MAX_CHANGES)
      this.#queues.set(subscriber, queue)
    }
    const isInterested = await queue.push()
    if (!queue.isBusy) this.#queues.delete(subscriber)
    if (!isInterested) this.#removeSubscriber(subscriber)
  }
}
