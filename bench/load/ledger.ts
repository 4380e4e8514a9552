import type { Arrival } from '../wires/wire.ts'

/**
 * Checks that every client gets every message of a run once and in order. A sender's messages must arrive in the order
 * of sending and without a gap, and the seqs of a conversation must rise. Where a client also receives its own
 * messages, the seqs must have no gap, either. The first fault is stored and fails the run.
 */
export class Ledger {
  readonly #contiguous: boolean
  /** The next expected count, by client and sender. */
  readonly #next = new Map<string, number>()
  /** The newest seq, by client and conversation. Any first seq is accepted, because seqs continue from run to run. */
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
      this.fail(`client ${client} got message ${count} of user ${sender}, but ${expected} was expected`)
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
