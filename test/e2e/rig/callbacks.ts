import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { z } from 'zod'
import type { Client } from './client.ts'
import { type SdkEvent, WAIT_TIMEOUT_MS } from './journal.ts'
import { ADMIN_USER_ID } from './rest.ts'
import type { Scene } from './scene.ts'
import { WasmClient } from './wasm-client.ts'

/** The callbacks of the SDKs' listeners for groups and friends. */
const LISTENED = /^On(JoinedGroup|Group|Friend|Black)/

/**
 * A callback and its user: `OnGroupMemberAdded dave`. The prefix `js: ` or `wasm: ` expects it of that SDK only. The
 * prefix `perhaps: ` allows the callback without requiring it.
 */
export type Callback = string

const PERHAPS = 'perhaps: '

/** Checks that each device of a test gets exactly the expected callbacks about groups and friends, and no others. */
export class Callbacks<Name extends string> {
  readonly #scene: Scene
  readonly #devices: Record<Name, Client>
  readonly #names: Map<string, string>

  /** @param devices by the names in the expectations; a user has the name of their first device */
  constructor(scene: Scene, devices: Record<Name, Client>) {
    this.#scene = scene
    this.#devices = devices
    this.#names = new Map(
      this.#entries()
        .reverse()
        .map(([name, { userID }]) => [userID, name]),
    )
  }

  /**
   * Runs a step and waits until each device got exactly the expected callbacks from it. Repetitions are ignored, since
   * the SDKs repeat some callbacks. A device without an expectation must get none.
   */
  async during<T>(step: () => Promise<T>, expected: Partial<Record<Name, Callback[]>>): Promise<T> {
    const marks = this.#entries().map(([, device]) => device.events.mark)
    const done = await step()
    const expectedCallbacks = this.#entries().map(([name, device]) => expectedOf(device, expected[name] ?? []))
    const required = expectedCallbacks.map((all) => all.filter((callback) => !callback.startsWith(PERHAPS)))
    for (const [i, [, device]] of this.#entries().entries()) {
      const missing = () =>
        required[i]?.filter((callback) => !this.#callbacksOf(device, marks[i] ?? 0).includes(callback)) ?? []
      await device.events.until(`${required[i]}`, () => (missing().length === 0 ? true : null))
    }
    await this.#untilAllIdle()
    for (const [i, [name, device]] of this.#entries().entries()) {
      const callbacks = this.#callbacksOf(device, marks[i] ?? 0).filter(
        (callback) => !expectedCallbacks[i]?.includes(PERHAPS + callback),
      )
      expect([name, ...callbacks]).toEqual([name, ...(required[i] ?? [])])
    }
    return done
  }

  #callbacksOf(device: Client, from: number): Callback[] {
    const events = device.events.all.slice(from).filter(({ event }) => LISTENED.test(event))
    return [...new Set(events.map((event) => this.#describe(event)))].sort()
  }

  #describe({ event, data }: SdkEvent): Callback {
    const about = About.parse(data ?? {})
    const isRequest = event.startsWith('OnFriendApplication')
    const userIDs = isRequest ? [about.fromUserID, about.toUserID] : [about.userID]
    return [event, ...userIDs.flatMap((userID) => (userID ? (this.#names.get(userID) ?? userID) : []))].join(' ')
  }

  /**
   * Waits until no further callback can come. A business notification to every user arrives after everything sent
   * before it. After that, an SDK is idle when it has no pending REST call and answers a few calls without an event.
   */
  async #untilAllIdle(): Promise<void> {
    const key = randomUUID()
    const { rest } = this.#scene
    const token = await rest.adminToken()
    await Promise.all(
      [...this.#names.keys()].map((recvUserID) =>
        rest.post(
          '/msg/send_business_notification',
          { sendUserID: ADMIN_USER_ID, recvUserID, key, data: '{}', reliabilityLevel: 1 },
          { token },
        ),
      ),
    )
    const isIt = ({ data }: SdkEvent) => JSON.stringify(data).includes(key)
    for (const [, device] of this.#entries()) await device.waitFor('OnRecvCustomBusinessMessage', isIt)
    await Promise.all(this.#entries().map(([, device]) => untilIdle(device)))
  }

  #entries(): [Name, Client][] {
    return Object.entries(this.#devices) as [Name, Client][]
  }
}

/** A device is idle when it had no pending call and no event at this many checks in a row. */
const IDLE_CHECKS = 3

async function untilIdle(device: Client): Promise<void> {
  const deadline = Date.now() + WAIT_TIMEOUT_MS
  for (let idle = 0; idle < IDLE_CHECKS; ) {
    const { mark } = device.events
    // The call passes through the SDK's core and database, behind the work that is queued there.
    await device.call('getSelfUserInfo')
    idle = device.pendingCalls === 0 && device.events.mark === mark ? idle + 1 : 0
    if (Date.now() > deadline) throw new Error(`${device.userID} does not become idle`)
  }
}

const About = z.object({
  userID: z.string().optional(),
  fromUserID: z.string().optional(),
  toUserID: z.string().optional(),
})

function expectedOf(device: Client, expectedCallbacks: Callback[]): Callback[] {
  const [own, other] = device instanceof WasmClient ? ['wasm: ', 'js: '] : ['js: ', 'wasm: ']
  return expectedCallbacks
    .filter((callback) => !callback.startsWith(other))
    .map((callback) => (callback.startsWith(own) ? callback.slice(own.length) : callback))
    .sort()
}
