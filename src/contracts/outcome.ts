import { ImError } from '../protocol/errors.ts'

/*
 * An exception that crosses object RPC loses its class. So objects answer refusals as values, and the caller's side
 * throws them again as ImError.
 */

export type Refusal = { code: number; msg: string; detail: string }
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal }

/** Runs an object's method and turns an ImError into a value that survives the RPC; any other error stays an error. */
export function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    const value = run()
    return value instanceof Promise ? value.then(succeeded, failed) : Promise.resolve({ ok: true, value })
  } catch (error) {
    return Promise.reject(error).catch(failed)
  }
}

function succeeded<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

function failed(error: unknown): { ok: false; refusal: Refusal } {
  if (error instanceof ImError) return { ok: false, refusal: refusalOf(error) }
  throw error
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

/** The interface that an object implements: each method of the contract, with an Outcome as its answer. */
export type Serves<T> = AsOutcomes<T>
