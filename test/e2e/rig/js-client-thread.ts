/**
 * The inside of a `JsClient`: the SDK alone in a thread. It logs to the global console, leaves promises unhandled and
 * keeps a heartbeat timer, so that only a thread of its own tells one client's log from another's and ends it for sure.
 */
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromThread, ThreadData, ToThread } from './js-client.ts'

if (!parentPort) throw new Error('js-client-thread.ts runs as a worker thread only')
const port = parentPort
const { build } = workerData as ThreadData

const tell = (message: FromThread) => port.postMessage(message)

// Before the SDK loads: its logger keeps the console functions it finds.
for (const level of ['error', 'warn', 'info', 'log', 'debug', 'trace'] as const) {
  console[level] = (...parts: unknown[]) => {
    const text = parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 4 }))).join(' ')
    tell({ type: 'log', level, text })
  }
}

// What the SDK asks over REST it tells of later: whoever waits for silence has to know.
let asking = 0
const { fetch } = globalThis
globalThis.fetch = async (...request) => {
  tell({ type: 'asking', count: ++asking })
  try {
    return await fetch(...request)
  } finally {
    tell({ type: 'asking', count: --asking })
  }
}
process.on('unhandledRejection', (reason) =>
  tell({ type: 'log', level: 'error', text: `unhandled: ${inspect(reason)}` }),
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
    // Through JSON: an SDK object may hold what cannot cross a thread, and a later change must not change the record.
    const data = event.data === undefined ? null : JSON.parse(JSON.stringify(event.data))
    tell({ type: 'event', event: { event: name, data, errCode: event.errCode, errMsg: event.errMsg } })
  })
}

port.on('message', async ({ id, method, args }: ToThread) => {
  try {
    const call = methods[method]
    if (!call) throw new Error(`the SDK has no ${method}`)
    const { data } = await call(...args)
    tell({ type: 'answer', id, ok: true, data: data === undefined ? null : JSON.parse(JSON.stringify(data)) })
  } catch (error) {
    tell({ type: 'answer', id, ok: false, error: error instanceof Error ? String(error.stack) : JSON.stringify(error) })
  }
})

tell({ type: 'ready' })

function load(): Promise<Sdk> | Sdk {
  // Node's own resolution picks `main` (ES5); a bundler would pick the modern build.
  if (build === 'main') return createRequire(import.meta.url)('@openim/client-sdk') as Sdk
  return import(import.meta.resolve('@openim/client-sdk').replace(/index\.js$/, 'index.modern.mjs'))
}
