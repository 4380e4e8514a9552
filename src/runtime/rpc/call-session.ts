import type { Outcome } from '../../contracts/outcome.ts'

/** Methods of an object, as a stub offers them. */
export type Calls = Record<string, (...args: unknown[]) => Promise<Outcome<unknown>>>

/** What a session is opened by. */
export interface Opens {
  /** Answers an RpcTarget with the methods that are called often. */
  openCallSession(): Promise<Session>
}

type Session = Calls & Disposable

interface Open {
  session: Promise<Session>
  calls: Calls
  timer: ReturnType<typeof setInterval>
  callsLeft: number
  callsThisTerm: number
}

/**
 * A session is opened by a call that comes within so long of the one before it, and that one of the one before, so many
 * times in a row: two or three messages at once, as people send them, are not enough.
 */
const CLOSE_MS = 100
const CALLS_IN_A_ROW = 4

/**
 * While it is open neither object can be put away, which is billed: about as much for this long as five calls. After
 * fewer it ends.
 */
const TERM_MS = 500
const CALLS_A_TERM = 5

/** An object has 30 seconds of computing time for what comes in, counted anew with each call, but not within a session. */
const MAX_CALLS = 200

/**
 * Calls that come thick and fast go in one RPC session: a call on a stub opens one of its own each time, which is a
 * seventh of all the work that a message makes, and billed. What is promised stays so: in a session, too, the runtime
 * lets no answer and no call out of an object before what the object has written is on disk.
 */
export class CallSession {
  readonly #stub: () => Opens
  #inARow = 0
  #lastCall = 0
  #open: Open | null = null

  /** @param stub of the object that is called */
  constructor(stub: () => Opens) {
    this.#stub = stub
  }

  /** What the call of this moment (ms) is made on; null = a stub of its own. */
  take(now: number): Calls | null {
    this.#inARow = now - this.#lastCall < CLOSE_MS ? this.#inARow + 1 : 1
    this.#lastCall = now
    if (this.#open?.callsLeft === 0) this.end()
    if (!this.#open && this.#inARow >= CALLS_IN_A_ROW) this.#begin()
    if (!this.#open) return null
    this.#open.callsLeft--
    this.#open.callsThisTerm++
    return this.#open.calls
  }

  /** Calls under way are answered all the same. */
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
    // The first calls do not wait until it is open: the runtime sends them after the request to open it.
    const calls = session as unknown as Calls
    const open = { session, calls, timer, callsLeft: MAX_CALLS, callsThisTerm: 0 }
    this.#open = open
    session.then(
      (opened) => {
        open.calls = opened
      },
      () => {
        // The calls that went with it have failed too, and are made again without it.
        if (this.#open === open) this.end()
      },
    )
  }

  #endTerm(): void {
    if (!this.#open) return
    if (this.#open.callsThisTerm < CALLS_A_TERM) this.end()
    else this.#open.callsThisTerm = 0
  }
}
