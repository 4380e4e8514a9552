import type { OnlineConnection, UserRpc } from '../../../contracts/user.ts'
import { BatchingQueue } from '../../../platform/concurrency/batching-queue.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import { WsRequestID } from '../../../protocol/constants/ws-request.ts'
import { ImError } from '../../../protocol/errors.ts'
import { SubUserOnlineStatusTips } from '../../../protocol/proto/index.ts'
import type { UserCore } from '../user-core.ts'

/** How many users one connection may watch. */
const MAX_SUBSCRIPTIONS = 3_000

/** How many objects are asked at the same time when a device subscribes. */
const MAX_PARALLEL = 32

/** One subscriber is told of any number of changes that came meanwhile by the state after them. */
const MAX_CHANGES = 1_000

/**
 * Who watches this user, and whom this user's connections watch. Both live in SQLite, since the objects sleep while
 * their sockets stay: a subscription lasts as long as its connection, a watcher until it says that nobody there cares.
 */
export class PresenceSubscriptions {
  readonly #sql: SqlStorage
  readonly #lanes = new Map<string, BatchingQueue<void, boolean>>()
  readonly #user: (userID: string) => UserRpc
  /** False when nobody is known to watch. */
  #watched: boolean

  /** @param watched whether there are watchers */
  constructor(sql: SqlStorage, user: (userID: string) => UserRpc, watched: boolean) {
    this.#sql = sql
    this.#user = user
    this.#watched = watched
  }

  watchers(): string[] {
    if (!this.#watched) return []
    return this.#sql
      .exec<{ user_id: string }>('SELECT user_id FROM presence_watcher')
      .toArray()
      .map((row) => row.user_id)
  }

  addSubscriber(userID: string): void {
    this.#watched = true
    this.#sql.exec('INSERT OR IGNORE INTO presence_watcher (user_id) VALUES (?)', userID)
  }

  removeWatcher(userID: string): void {
    this.#sql.exec('DELETE FROM presence_watcher WHERE user_id = ?', userID)
  }

  subscribe(connID: string, userIDs: readonly string[]): void {
    // A device may ask again for whom it watches already.
    if (new Set([...this.watchedBy([connID]), ...userIDs]).size > MAX_SUBSCRIPTIONS) {
      throw ImError.args(`a connection watches at most ${MAX_SUBSCRIPTIONS} users`)
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

  /** Whom these connections watch. */
  watchedBy(connIDs: readonly string[]): string[] {
    const watched = connIDs.flatMap((connID) =>
      this.#sql
        .exec<{ user_id: string }>('SELECT user_id FROM presence_subscription WHERE conn_id = ?', connID)
        .toArray(),
    )
    return [...new Set(watched.map((row) => row.user_id))]
  }

  /** The subscriptions of a connection go with it. */
  forget(connID: string): void {
    this.#sql.exec('DELETE FROM presence_subscription WHERE conn_id = ?', connID)
  }

  /** Connections that watch that user. */
  connectionsWatching(userID: string): Set<string> {
    const rows = this.#sql
      .exec<{ conn_id: string }>('SELECT conn_id FROM presence_subscription WHERE user_id = ?', userID)
      .toArray()
    return new Set(rows.map((row) => row.conn_id))
  }

  /** One call at a time to each watcher, so that the last thing it hears is the last thing that happened. */
  async tell(watcher: string, userID: string, platformIDs: () => number[]): Promise<void> {
    let lane = this.#lanes.get(watcher)
    if (!lane) {
      lane = new BatchingQueue(async (changes) => {
        const cares = await this.#user(watcher).presenceChanged(userID, platformIDs())
        return changes.map(() => cares)
      }, MAX_CHANGES)
      this.#lanes.set(watcher, lane)
    }
    const cares = await lane.push()
    if (!lane.isBusy) this.#lanes.delete(watcher)
    if (!cares) this.removeWatcher(watcher)
  }
}

/** The platforms on which the user has a connection; one that has several appears once. */
export function onlinePlatforms(user: UserCore): number[] {
  return [...new Set(user.devices.open().map(({ device }) => device.platformID))].sort((a, b) => a - b)
}

export function onlineConnections(user: UserCore): OnlineConnection[] {
  return user.devices
    .open()
    .map(({ device: { platformID, connID, isBackground, token } }) => ({ platformID, connID, isBackground, token }))
    .sort((a, b) => a.platformID - b.platformID)
}

/** Tells everybody who watches this user where the user is now; null = there is nobody to tell. */
export function announcePresence(user: UserCore): Promise<void> | null {
  const watchers = user.presence.watchers()
  return watchers.length > 0 ? tellWatchers(user, watchers) : null
}

async function tellWatchers(user: UserCore, watchers: readonly string[]): Promise<void> {
  const told = watchers.map((watcher) => user.presence.tell(watcher, user.userID, () => onlinePlatforms(user)))
  for (const result of await Promise.allSettled(told)) {
    if (result.status === 'rejected') user.log.error('a watcher could not be told', result.reason)
  }
}

/** A connection asks to watch users; the answer has one element for each, offline ones too. */
export async function subscribePresence(
  user: UserCore,
  connID: string,
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Promise<SubUserOnlineStatusTips> {
  const wanted = [...new Set(subscribe)]
  // An ID that nobody can have is refused here, before anything is written down.
  const watched = wanted.map((userID) => ({ userID, object: user.otherUser(userID) }))
  user.presence.unsubscribe(connID, unsubscribe)
  user.presence.subscribe(connID, wanted)
  const platforms = new Map<string, number[]>()
  await inParallel(watched, MAX_PARALLEL, async ({ userID, object }) => {
    platforms.set(userID, await object.addPresenceSubscriber(user.userID))
  })
  return {
    subscribers: wanted.map((userID) => ({ userID, onlinePlatformIDs: platforms.get(userID) ?? [] })),
  }
}

/**
 * The same for every connection on a platform.
 * @returns whom they watch now
 */
export async function subscribeOnPlatform(
  user: UserCore,
  platformID: number,
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Promise<string[]> {
  const here = user.devices.open().filter(({ device }) => device.platformID === platformID)
  const connIDs = here.map(({ device }) => device.connID)
  for (const connID of connIDs) await subscribePresence(user, connID, subscribe, unsubscribe)
  return user.presence.watchedBy(connIDs)
}

/**
 * A watched user came or went: the connections that watch are told.
 * @returns whether there is any
 */
export function presenceChanged(user: UserCore, userID: string, platformIDs: number[]): boolean {
  const watching = user.presence.connectionsWatching(userID)
  const data = SubUserOnlineStatusTips.encode({ subscribers: [{ userID, onlinePlatformIDs: platformIDs }] }).finish()
  let cares = false
  for (const { socket, device } of user.devices.open()) {
    if (!watching.has(device.connID)) continue
    cares = true
    user.devices.reply(socket, {
      reqIdentifier: WsRequestID.SubUserOnlineStatus,
      msgIncr: '',
      operationID: '',
      errCode: 0,
      errMsg: '',
      data,
    })
  }
  return cares
}
