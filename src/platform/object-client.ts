import { CallSession, type Calls, type Opens } from './call-session.ts'
import { errorOf, type Outcome } from './outcome.ts'

type Call = (...args: unknown[]) => Promise<unknown>

/**
 * The caller's side of an object: unwraps outcomes and tries once more on a fresh stub when the runtime says the
 * fault was passing. Every method may be repeated safely: appends by clientMsgID, deliveries by seq.
 * @param frequent methods that the object offers in a session too; for a caller that is an object itself, since only
 *   that lives long enough to keep one
 */
export function clientOf<T extends object>(stub: () => object, frequent: readonly (keyof T & string)[] = []): T {
  let current: (Calls & Opens) | null = null
  const fresh = () => {
    current = stub() as Calls & Opens
    return current
  }
  const session = frequent.length === 0 ? null : new CallSession(() => current ?? fresh())

  const callOf = (method: string): Call => {
    const within = (frequent as readonly string[]).includes(method) ? session : null
    return async (...args) => {
      const calls = within?.take(Date.now()) ?? null
      let outcome: Outcome<unknown>
      try {
        outcome = await ask(calls ?? current ?? fresh(), method, args)
      } catch (error) {
        within?.end()
        fresh()
        // A session ends with the object's life, whatever the reason; the object's next life is reached without it.
        if (isOverloaded(error) || !(calls || isRetryable(error))) throw error
        outcome = await ask(current ?? fresh(), method, args)
      }
      if (!outcome.ok) throw errorOf(outcome.refusal)
      return outcome.value
    }
  }

  // A method is made when it is first asked for, and found without the proxy from then on.
  const methods = new Proxy(Object.prototype, {
    get(_target, method, client: object) {
      // A promise-like probe (`await client`) must not turn into a call.
      if (typeof method !== 'string' || method === 'then') return undefined
      const value = callOf(method)
      Object.defineProperty(client, method, { value })
      return value
    },
  })
  return Object.create(methods) as T
}

function ask(calls: Calls, method: string, args: unknown[]): Promise<Outcome<unknown>> {
  return (calls[method] as Calls[string])(...args)
}

/** The fault is the runtime's own, and passing. */
function isRetryable(error: unknown): boolean {
  return (error as { retryable?: boolean } | null)?.retryable === true
}

/** Asking an overloaded object again makes it worse. */
function isOverloaded(error: unknown): boolean {
  return (error as { overloaded?: boolean } | null)?.overloaded === true
}
