import type { LogName } from '../../../contracts/messages.ts'

/** The time from storing a notice to its delivery after the reply, with a slow network; ms. */
const MAX_WAY_MS = 2_000

interface OwnNotice {
  userID: string
  log: LogName
  seq: number
  /** ms. */
  until: number
}

/**
 * The notices of the last seconds that the REST call which caused them delivers to its caller's devices, after the reply.
 * A later message reaches the caller's object by another way, and perhaps first: it has to wait for them. Memory only:
 * after a crash the notices are redelivered with the other messages.
 */
export class OwnNotices {
  #notices: OwnNotice[] = []

  add(userID: string, log: LogName, seq: number, now: number): void {
    const until = now + MAX_WAY_MS
    const last = this.#notices.at(-1)
    // One change may cause 1,000 notices: the first of them stands for all.
    if (last?.userID === userID && last.log === log && last.until === until) return
    this.#notices = this.#notices.filter((notice) => notice.until > now)
    this.#notices.push({ userID, log, seq, until })
  }

  /** The lowest seq of a log that may still be on its way to a user; null when all have arrived. */
  lowest(userID: string, log: LogName, now: () => number): number | null {
    if (this.#notices.length === 0) return null
    const time = now()
    this.#notices = this.#notices.filter(({ until }) => until > time)
    const seqs = this.#notices.filter((notice) => notice.userID === userID && notice.log === log).map(({ seq }) => seq)
    return seqs.length === 0 ? null : Math.min(...seqs)
  }
}
