import type { Arrival } from '../wires/wire.ts'

/**
 * Checks that every client gets every message of a run once and in order: a sender's messages in the order it sent
 * them, without a hole, and the seqs of a conversation without going back (without a hole, too, where a client's own
 * messages come to it as all others do). The first fault is kept and fails the run.
 */
export class Ledger {
  readonly #contiguous: boolean
  /** Client and sender → the count that must come next. */
  readonly #next = new Map<string, number>()
  /** Client and conversation → the newest seq. Seqs go on from run to run, so the first one is taken as it is. */
  readonly #seqs = new Map<string, number>()
  arrivals = 0
  fault: string | null = null

  constructor(contiguous: boolean) {
    this.#contiguous = contiguous
  }

  arrived(client: number, { sender, count, seq, conversation }: Arrival): void {
    this.arrivals++
    const expected = this.#step(`${client} ${sender}`)
    if (count !== expected) {
      this.fail(`client ${client} got message ${count} of user ${sender} where ${expected} was due`)
    }
    const log = `${client} ${conversation}`
    const newest = this.#seqs.get(log)
    this.#seqs.set(log, seq)
    if (newest === undefined) return
    if (this.#contiguous ? seq !== newest + 1 : seq <= newest) {
      this.fail(`client ${client} got seq ${seq} after ${newest}`)
    }
  }

  fail(fault: string): void {
    this.fault ??= fault
  }

  #step(key: string): number {
    const expected = this.#next.get(key) ?? 0
    this.#next.set(key, expected + 1)
    return expected
  }
}
