/**
 * The SDK of a `JsClient`, alone in a worker thread. It logs to the global console, leaves promises unhandled and keeps
 * a heartbeat timer. So only a thread of its own can separate the logs of clients and end a client reliably.
 */
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromThread, ThreadData, ToThread } from './js-client.ts'

if (!parentPort) throw new Error('js-client-thread.ts runs as a worker thread only')
const port = parentPort
const { build } = workerData as ThreadData

const post = (message: FromThread) => port.postMessage(message)

// Replaced before the SDK loads, because its logger keeps the console functions it finds then.
for (const level of ['error', 'warn', 'info', 'log', 'debug', 'trace'] as const) {
  console[level] = (...parts: unknown[]) => {
    const text = parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 4 }))).join(' ')
    post({ type: 'log', level, text })
  }
}

// The answers of pending REST calls may cause callbacks later, so a test that waits for idle devices counts the calls.
let pending = 0
const { fetch } = globalThis
globalThis.fetch = async (...request) => {
  post({ type: 'pending', count: ++pending })
  try {
    return await fetch(...request)
  } finally {
    post({ type: 'pending', count: --pending })
  }
}
process.on('unhandledRejection', (reason) =>
  post({ type: 'log', level: 'error', text: `unhandled: ${inspect(reason)}` }),
)

/** The package's own types leave `on` out, which its README uses. */
interface Sdk {
  getSDK: () => { on(name: string, take: (event: { errCode: number; errMsg: string; data: unknown }) => void): void }
  CbEvents: Record<string, string>
}

const { getSDK, CbEvents: events } = await load()
const sdk = getSDK()
const methods = sdk as unknown as Record<string, (...args: unknown[]) => Promise<{ data: unknown }>>

for (const name of Object.values(events)) {
  sdk.on(name, (event) => {
    // Copied as JSON: an SDK object may hold values that cannot be posted, and a later change must not change the copy.
    const data = event.data === undefined ? null : JSON.parse(JSON.stringify(event.data))
    post({ type: 'event', event: { event: name, data, errCode: event.errCode, errMsg: event.errMsg } })
  })
}

port.on('message', async ({ id, method, args }: ToThread) => {
  try {
    const call = methods[method]
    if (!call) throw new Error(`the SDK has no ${method}`)
    const { data } = await call(...args)
    post({ type: 'answer', id, ok: true, data: data === undefined ? null : JSON.parse(JSON.stringify(data)) })
  } catch (error) {
    post({ type: 'answer', id, ok: false, error: error instanceof Error ? String(error.stack) : JSON.stringify(error) })
  }
})

post({ type: 'ready' })

function load(): Promise<Sdk> | Sdk {
  // Node resolves the package to `main` (ES5); a bundler would take the modern build.
  if (build === 'main') return createRequire(import.meta.url)('@openim/client-sdk') as Sdk
  return import(import.meta.resolve('@openim/client-sdk').replace(/index\.js$/, 'index.modern.mjs'))
}
