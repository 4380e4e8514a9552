import { expect } from 'vitest'
import { Device, register, textOf, until } from './rig.ts'

/** The time between two messages of the canaries. */
const PAUSE_MS = 20

/**
 * Two users who talk with each other while another test attacks the service: an attack must not lose, repeat, reorder or
 * delay their messages.
 */
export class Canaries {
  readonly #devices: readonly [Device, Device]
  readonly #names: readonly [string, string]
  #sent = 0
  #slowestMs = 0
  #isOver = false
  readonly #talk: Promise<void>

  private constructor(names: readonly [string, string], devices: readonly [Device, Device]) {
    this.#names = names
    this.#devices = devices
    this.#talk = this.#run()
  }

  static async start(): Promise<Canaries> {
    const names = ['canary_a', 'canary_b'] as const
    await register(...names)
    return new Canaries(names, [await Device.connect(names[0]), await Device.connect(names[1], { kind: 'go' })])
  }

  /** Ends the talk, and checks that every message arrived once and in order. */
  async stop(): Promise<{ sent: number; slowestMs: number }> {
    this.#isOver = true
    await this.#talk
    const expected = Array.from({ length: this.#sent }, (_, i) => `${i}`)
    for (const [i, device] of this.#devices.entries()) {
      const texts = () =>
        device.received().flatMap(({ msg }) => (msg.sendID === this.#names[1 - i] ? [textOf(msg)] : []))
      await until(() => texts().length >= expected.length, 10_000).catch(() => expect(texts()).toEqual(expected))
      expect(texts()).toEqual(expected)
    }
    return { sent: this.#sent * 2, slowestMs: this.#slowestMs }
  }

  async #run(): Promise<void> {
    const [[a, b], [nameA, nameB]] = [this.#devices, this.#names]
    while (!this.#isOver) {
      const begin = Date.now()
      await Promise.all([a.sendText(nameB, `${this.#sent}`), b.sendText(nameA, `${this.#sent}`)])
      this.#slowestMs = Math.max(this.#slowestMs, Date.now() - begin)
      this.#sent++
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
