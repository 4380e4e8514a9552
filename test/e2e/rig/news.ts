import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { z } from 'zod'
import type { Client } from './client.ts'
import { type SdkEvent, WAIT_TIMEOUT_MS } from './journal.ts'
import { ADMIN_USER_ID } from './rest.ts'
import type { Scene } from './scene.ts'
import { WasmClient } from './wasm-client.ts'

/** The callbacks of the SDKs' listeners for groups and for friends. */
const LISTENED = /^On(JoinedGroup|Group|Friend|Black)/

/**
 * A callback and whom it is about: `OnGroupMemberAdded dave`. With `js: ` or `wasm: ` before it, of that SDK only; with
 * `perhaps: `, if it happens to come by then.
 */
export type Word = string

const PERHAPS = 'perhaps: '

/**
 * Watches what the devices of a journey are told of groups and of friends: that each is told what concerns it, and
 * that none is told anything else.
 */
export class News<Name extends string> {
  readonly #scene: Scene
  readonly #devices: Record<Name, Client>
  readonly #names: Map<string, string>

  /** @param devices by the names that are used in the expectations; a user's name is that of their first device */
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
   * Does something, and waits until each device has been told exactly this because of it, however often: the SDKs
   * repeat some. Whoever is not named is told nothing.
   */
  async of<T>(step: () => Promise<T>, expected: Partial<Record<Name, Word[]>>): Promise<T> {
    const marks = this.#entries().map(([, device]) => device.events.mark)
    const done = await step()
    const words = this.#entries().map(([name, device]) => wordsFor(device, expected[name] ?? []))
    const wanted = words.map((all) => all.filter((word) => !word.startsWith(PERHAPS)))
    for (const [i, [, device]] of this.#entries().entries()) {
      const missing = () => wanted[i]?.filter((word) => !this.#told(device, marks[i] ?? 0).includes(word)) ?? []
      await device.events.until(`${wanted[i]}`, () => (missing().length === 0 ? true : null))
    }
    await this.#untilQuiet()
    for (const [i, [name, device]] of this.#entries().entries()) {
      const told = this.#told(device, marks[i] ?? 0).filter((word) => !words[i]?.includes(PERHAPS + word))
      expect([name, ...told]).toEqual([name, ...(wanted[i] ?? [])])
    }
    return done
  }

  #told(device: Client, from: number): Word[] {
    const events = device.events.all.slice(from).filter(({ event }) => LISTENED.test(event))
    return [...new Set(events.map((event) => this.#inWords(event)))].sort()
  }

  #inWords({ event, data }: SdkEvent): Word {
    const about = About.parse(data ?? {})
    const isRequest = event.startsWith('OnFriendApplication')
    const userIDs = isRequest ? [about.fromUserID, about.toUserID] : [about.userID]
    return [event, ...userIDs.flatMap((userID) => (userID ? (this.#names.get(userID) ?? userID) : []))].join(' ')
  }

  /**
   * What was sent to everybody before this is there when this is. What the SDKs ask the server because of it, and tell
   * of afterwards, is over when they ask no more and have answered a few calls without an event.
   */
  async #untilQuiet(): Promise<void> {
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
    await Promise.all(this.#entries().map(([, device]) => untilItRests(device)))
  }

  #entries(): [Name, Client][] {
    return Object.entries(this.#devices) as [Name, Client][]
  }
}

/** So often in a row a device must have nothing to ask and nothing to tell before it counts as quiet. */
const QUIET_LOOKS = 3

async function untilItRests(device: Client): Promise<void> {
  const deadline = Date.now() + WAIT_TIMEOUT_MS
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    const { mark } = device.events
    // A call goes the way of the others: through the core, and its database where it has one.
    await device.call('getSelfUserInfo')
    quiet = device.asking === 0 && device.events.mark === mark ? quiet + 1 : 0
    if (Date.now() > deadline) throw new Error(`${device.userID} does not come to rest`)
  }
}

const About = z.object({
  userID: z.string().optional(),
  fromUserID: z.string().optional(),
  toUserID: z.string().optional(),
})

function wordsFor(device: Client, words: Word[]): Word[] {
  const [own, other] = device instanceof WasmClient ? ['wasm: ', 'js: '] : ['js: ', 'wasm: ']
  return words
    .filter((word) => !word.startsWith(other))
    .map((word) => (word.startsWith(own) ? word.slice(own.length) : word))
    .sort()
}
