import { MINUTE_MS } from '../../../platform/durations.ts'

/**
 * Limits the requests of each connection with a token bucket: one minute's requests may come at once, then the bucket
 * refills at that rate. Memory only: after a hibernation the bucket is full again, as it would be after the pause.
 */
export class RequestRate {
  readonly #buckets = new WeakMap<WebSocket, { requests: number; time: number }>()

  /**
   * Takes one request out of the connection's bucket.
   * @param perMinute 0 = no limit
   * @returns whether the request is allowed
   */
  take(socket: WebSocket, perMinute: number, now: number): boolean {
    if (perMinute === 0) return true
    const bucket = this.#buckets.get(socket) ?? { requests: perMinute, time: now }
    const refilled = bucket.requests + ((now - bucket.time) * perMinute) / MINUTE_MS
    const requests = Math.min(perMinute, refilled)
    const isAllowed = requests >= 1
    this.#buckets.set(socket, { requests: isAllowed ? requests - 1 : requests, time: now })
    return isAllowed
  }
}
