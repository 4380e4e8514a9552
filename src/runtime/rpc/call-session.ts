import type { Outcome } from '../../contracts/outcome.ts'

/** Methods of an object, as a stub or a session offers them. */
export type Calls = Record<string, (...args: unknown[]) => Promise<Outcome<unknown>>>

/** The part of a stub that opens a session. */
export interface SessionOpener {
  /** Answers an RpcTarget with the methods that are called often. */
  openCallSession(): Promise<Session>
}

type Session = Calls & Disposable

interface OpenSession {
  session: Promise<Session>
  calls: Calls
  timer: ReturnType<typeof setInterval>
  callsLeft: number
  callsThisTerm: number
}

/**
 * A session is opened after CALLS_IN_A_ROW calls, each less than CLOSE_MS after the last. Two or three messages in quick
 * succession, as people send them, do not open one.
 */
const CLOSE_MS = 100
const CALLS_IN_A_ROW = 4

/**
 * While a session is open, neither object can hibernate, and both objects are billed. TERM_MS of an open session costs
 * about as much as CALLS_PER_TERM calls outside a session, so a session ends after a term with fewer calls.
 */
const TERM_MS = 500
const CALLS_PER_TERM = 5

/** An object's limit of 30 seconds of CPU time restarts with each call from outside, but not with calls in a session. */
const MAX_CALLS = 200

/**
 * Sends frequent calls through one RPC session. Each call on a stub opens a session of its own, which is billed and
 * takes about an eighth of the work that a message causes. Durability is the same: also in a session, the runtime holds
 * back every answer and call of an object until the object's writes are on disk.
 */
export class CallSession {
  readonly #stub: () => SessionOpener
  #callsInARow = 0
  #lastCallTime = 0
  #open: OpenSession | null = null

  /** @param stub returns the stub of the called object */
  constructor(stub: () => SessionOpener) {
    this.#stub = stub
  }

  /** Counts a call at `now` (ms). Returns the session to make it on, or null to make it on a stub. */
  take(now: number): Calls | null {
    this.#callsInARow = now - this.#lastCallTime < CLOSE_MS ? this.#callsInARow + 1 : 1
    this.#lastCallTime = now
    if (this.#open?.callsLeft === 0) this.end()
    if (!this.#open && this.#callsInARow >= CALLS_IN_A_ROW) this.#begin()
    if (!this.#open) return null
    this.#open.callsLeft--
    this.#open.callsThisTerm++
    return this.#open.calls
  }

  /** Ends the session. Calls in flight are still answered. */
  end(): void {
    if (!this.#open) return
    const { session, timer } = this.#open
    this.#open = null
    clearInterval(timer)
    session.then(
      (opened) => opened[Symbol.dispose](),
      () => {},
    )
  }

  #begin(): void {
    const session = this.#stub().openCallSession()
    const timer = setInterval(() => this.#endTerm(), TERM_MS)
    // The first calls do not wait until the session is open: the runtime pipelines them behind the request to open it.
    const calls = session as unknown as Calls
    const open = { session, calls, timer, callsLeft: MAX_CALLS, callsThisTerm: 0 }
    this.#open = open
    session.then(
      (opened) => {
        open.calls = opened
      },
      () => {
        // The calls in this session have failed too; `ObjectClient` repeats them without a session.
        if (this.#open === open) this.end()
      },
    )
  }

  #endTerm(): void {
    if (!this.#open) return
    if (this.#open.callsThisTerm < CALLS_PER_TERM) this.end()
    else this.#open.callsThisTerm = 0
  }
}
