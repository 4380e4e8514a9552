import { ImError } from '../protocol/errors.ts'

/*
 * An exception that crosses object RPC loses its class, so objects answer refusals as values, and the caller's side
 * throws them again as ImError.
 */

export type Refusal = { code: number; msg: string; detail: string }
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal }

/** Runs an object's method and turns an ImError into a value that survives the RPC; any other error stays an error. */
export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await run() }
  } catch (error) {
    if (error instanceof ImError) return { ok: false, refusal: refusalOf(error) }
    throw error
  }
}

export function refusalOf(error: ImError): Refusal {
  return { code: error.code, msg: error.errMsg, detail: error.errDlt }
}

export function errorOf(refusal: Refusal): ImError {
  return new ImError(refusal.code, refusal.msg, refusal.detail)
}

type AsOutcomes<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => Promise<Outcome<R>> : never
}

/** An object implements this: each promised method, answering an Outcome. */
export type Serves<T> = AsOutcomes<T>

type Call = (...args: unknown[]) => Promise<Outcome<unknown>>

/**
 * The caller's side of an object: unwraps outcomes and tries once more on a fresh stub when the runtime says the
 * fault was passing. Every method above may be repeated safely: appends by clientMsgID, deliveries by seq.
 */
export function clientOf<T extends object>(stub: () => object): T {
  let current: Record<string, Call> | null = null
  return new Proxy({} as T, {
    get(_target, method) {
      // A promise-like probe (`await client`) must not turn into a call.
      if (typeof method !== 'string' || method === 'then') return undefined
      return async (...args: unknown[]) => {
        current ??= stub() as Record<string, Call>
        let outcome: Outcome<unknown>
        try {
          outcome = await (current[method] as Call)(...args)
        } catch (error) {
          current = stub() as Record<string, Call>
          if (!isPassing(error)) throw error
          outcome = await (current[method] as Call)(...args)
        }
        if (!outcome.ok) throw errorOf(outcome.refusal)
        return outcome.value
      }
    },
  })
}

/** Retrying an overloaded object makes it worse, so only the runtime's plain "retryable" is tried again. */
function isPassing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean }
  return retryable === true && overloaded !== true
}
