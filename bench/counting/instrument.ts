import { AsyncLocalStorage } from 'node:async_hooks'
import type { Counters } from './counters.ts'

/*
 * Counts by wrapping the runtime's classes and bindings. The bench's own entry and a test install it; the service does
 * not know about it.
 */

// biome-ignore lint/suspicious/noExplicitAny: methods of the runtime's classes, passed through as they are
type Method = (this: any, ...args: any[]) => any
type Methods = Record<string, Method>

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>

const R2_CLASS_A = ['put', 'list', 'createMultipartUpload'] as const
const R2_CLASS_B = ['get', 'head'] as const

const instrumented = new WeakSet<object>()

/** The object's event in which the current code runs; undefined in the Worker. */
const event = new AsyncLocalStorage<{ waits: boolean }>()

/** Counts the calls of an object's methods and its frames. */
export function instrumentObject(counters: Counters, objectClass: { name: string; prototype: object }): void {
  const prototype = objectClass.prototype as Methods
  if (!isNew(prototype)) return
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name === 'constructor' || name === 'webSocketClose' || name === 'webSocketError') continue
    const method = prototype[name] as Method
    prototype[name] = function (...args) {
      counters.add('events')
      if (name === 'webSocketMessage') counters.add('frames')
      else counters.call(`${objectClass.name}.${name}`)
      return event.run({ waits: false }, () => method.apply(this, args))
    }
  }
}

/** Counts the rows and alarms of every object's storage. The state of any object may be passed. */
export function instrumentStorage(counters: Counters, { storage }: DurableObjectState): void {
  const sql = Object.getPrototypeOf(storage.sql) as Methods
  if (!isNew(sql)) return
  const exec = sql.exec as Method
  sql.exec = function (...args) {
    const cursor = exec.apply(this, args)
    counters.cursor(cursor)
    return countedWhenStopped(counters, cursor)
  }
  // Cloudflare bills setting an alarm as one written row.
  wrap(Object.getPrototypeOf(storage), 'setAlarm', () => counters.add('alarmsSet'))
}

/** Counts a cursor also when a loop over it stops before the last row. */
function countedWhenStopped(counters: Counters, cursor: Cursor): Cursor {
  const iterate = cursor[Symbol.iterator]
  cursor[Symbol.iterator] = () => {
    const rows = iterate.call(cursor)
    const counted: ReturnType<typeof iterate> = {
      next: () => rows.next(),
      return: (value) => {
        counters.stopped(cursor)
        return { done: true, value }
      },
      [Symbol.iterator]: () => counted,
    }
    return counted
  }
  return cursor
}

/** Wraps a namespace, and counts the events that call another object: they are billed while they wait for it. */
export function noteWaits<T extends object>(counters: Counters, namespace: T): T {
  const note = () => {
    const current = event.getStore()
    if (current && !current.waits) counters.add('waits')
    if (current) current.waits = true
  }
  const noted = (stub: object) =>
    new Proxy(stub, {
      get(target, name) {
        const method = Reflect.get(target, name) as Method
        return (...args: unknown[]) => {
          note()
          const result: unknown = Reflect.apply(method, target, args)
          return name === 'beginCalls' ? notedSession(result as Promise<object>, note) : result
        }
      },
    })
  return new Proxy(namespace, {
    get(target, name) {
      const method = Reflect.get(target, name) as Method
      return (...args: unknown[]) => noted(Reflect.apply(method, target, args) as object)
    },
  })
}

/** Wraps a session that is being opened and the opened session: both accept calls. */
function notedSession(opening: Promise<object>, note: () => void): object {
  const callable = (target: object, then: unknown) =>
    new Proxy(target, {
      get(_target, name) {
        if (name === 'then') return then
        const method = Reflect.get(target, name) as Method
        if (typeof name === 'symbol') return method.bind(target)
        return (...args: unknown[]) => {
          note()
          return Reflect.apply(method, target, args)
        }
      },
    })
  return callable(opening, (opened: (session: object) => void, failed: (error: unknown) => void) =>
    opening.then((session) => opened(callable(session, undefined)), failed),
  )
}

/** Counts the operations on D1, the queues and R2. */
export function instrumentBindings(counters: Counters, env: Pick<Env, 'DB' | 'FILES' | 'TRANSFER_QUEUE'>): void {
  instrumentD1(counters, env.DB)
  const queue = Object.getPrototypeOf(env.TRANSFER_QUEUE) as Methods
  if (isNew(queue)) {
    wrap(queue, 'send', () => counters.add('queueMessages'))
    wrap(queue, 'sendBatch', (messages: unknown) => counters.add('queueMessages', [...(messages as unknown[])].length))
  }
  const bucket = Object.getPrototypeOf(env.FILES) as Methods
  if (isNew(bucket)) {
    for (const name of R2_CLASS_A) wrap(bucket, name, () => counters.add('r2ClassA'))
    for (const name of R2_CLASS_B) wrap(bucket, name, () => counters.add('r2ClassB'))
  }
}

/** The D1 client is JavaScript over HTTP; each answer has the cost of its statements. */
function instrumentD1(counters: Counters, db: D1Database): void {
  const session = Object.getPrototypeOf(db.withSession()) as Methods
  if (!isNew(session)) return
  const fetch = session._wrappedFetch
  if (!fetch) throw new Error('the D1 client has no _wrappedFetch, so that its queries cannot be counted')
  session._wrappedFetch = async function (...args) {
    const response: Response = await fetch.apply(this, args)
    for (const { meta } of answersIn(await response.clone().json())) {
      counters.add('d1Queries')
      counters.add('d1RowsRead', meta?.rows_read ?? 0)
      counters.add('d1RowsWritten', meta?.rows_written ?? 0)
    }
    return response
  }
}

interface D1Answer {
  meta?: { rows_read?: number; rows_written?: number }
}

function answersIn(body: unknown): D1Answer[] {
  return (Array.isArray(body) ? body : [body]) as D1Answer[]
}

function wrap(target: object, name: string, before: (...args: unknown[]) => void): void {
  const methods = target as Methods
  const method = methods[name] as Method
  methods[name] = function (...args) {
    before(...args)
    return method.apply(this, args)
  }
}

function isNew(target: object): boolean {
  if (instrumented.has(target)) return false
  instrumented.add(target)
  return true
}
