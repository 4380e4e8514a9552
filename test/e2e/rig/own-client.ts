import { afterEach } from 'vitest'
import type { Client, ClientOptions, Message, Observable, Thread } from '../../../sdk/src/client/types.ts'
import { createClient } from '../../../sdk/src/client.ts'
import { PLATFORM } from './rest.ts'
import type { Scene } from './scene.ts'

const TIMEOUT_MS = 30_000

/** Clients of `openim-edge/client` in this process; each test's clients are disconnected after it. */
export function useOwnClients(scene: Scene) {
  const open = new Set<Client>()
  afterEach(async () => {
    await Promise.all([...open].map((client) => client.disconnect()))
    open.clear()
  })
  const login = async (userID: string, options: Partial<ClientOptions> = {}): Promise<Client> => {
    const { url, wsUrl } = scene.server
    const platformID = options.platformID ?? PLATFORM.web
    const token = options.token ?? (() => scene.token(userID, platformID))
    const client = createClient({ api: url, ws: wsUrl, userID, store: 'memory', ...options, platformID, token })
    open.add(client)
    await client.connect()
    return client
  }
  return { login }
}

/** Waits until a value has some property, and returns what `found` returns for it. */
export function until<T, R>(value: Observable<T>, found: (now: T) => R | undefined | false, what = 'the state') {
  return new Promise<R>((resolve, reject) => {
    const check = () => {
      const result = found(value.get())
      if (result === undefined || result === false) return
      clearTimeout(timer)
      unsubscribe()
      resolve(result)
    }
    const timer = setTimeout(() => {
      unsubscribe()
      reject(new Error(`${what} never came; the last value is ${JSON.stringify(value.get()).slice(0, 2_000)}`))
    }, TIMEOUT_MS)
    const unsubscribe = value.subscribe(check)
    check()
  })
}

function textOf({ content }: Message): string {
  return 'text' in content ? content.text : content.kind
}

export function textsOf(thread: Thread): string[] {
  return thread.state.get().messages.map(textOf)
}

/** Waits until the thread shows a message with that text, which the server has confirmed. */
export function shown(thread: Thread, text: string): Promise<Message> {
  const find = ({ messages }: { messages: readonly Message[] }) =>
    messages.find((message) => textOf(message) === text && message.seq > 0)
  return until(thread.state, find, `the message "${text}"`)
}
