const MINUTE_MS = 60_000

/**
 * How many requests a connection may still make. A minute's worth may come at once; after that as many as grow back.
 * It is kept in memory alone: an object that slept has given its devices time enough.
 */
export class RequestRate {
  readonly #left = new WeakMap<WebSocket, { requests: number; time: number }>()

  /** Takes one; answers whether there was one. `perMinute` 0 = any number. */
  take(socket: WebSocket, perMinute: number, now: number): boolean {
    if (perMinute === 0) return true
    const known = this.#left.get(socket) ?? { requests: perMinute, time: now }
    const grown = known.requests + ((now - known.time) * perMinute) / MINUTE_MS
    const requests = Math.min(perMinute, grown)
    const allowed = requests >= 1
    this.#left.set(socket, { requests: allowed ? requests - 1 : requests, time: now })
    return allowed
  }
}
