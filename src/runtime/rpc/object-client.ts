import { errorOf, type Outcome } from '../../contracts/outcome.ts'
import { CallSession, type Calls, type Opens } from './call-session.ts'

/**
 * The caller's side of an object: unwraps outcomes and tries once more on a fresh stub when the runtime says the
 * fault was passing. Every method may be repeated safely: appends by clientMsgID, deliveries by seq.
 * @param frequent methods that the object offers in a session too; for a caller that is an object itself, since only
 *   that lives long enough to keep one
 */
export function createObjectClient<T extends object>(
  stub: () => object,
  frequent: readonly (keyof T & string)[] = [],
): T {
  return new ObjectClient(stub as () => Stub, frequent) as unknown as T
}

type Stub = Calls & Opens

class ObjectClient {
  readonly #newStub: () => Stub
  readonly #frequent: readonly string[]
  readonly #session: CallSession | null
  #stub: Stub | null = null

  constructor(newStub: () => Stub, frequent: readonly string[]) {
    this.#newStub = newStub
    this.#frequent = frequent
    this.#session = frequent.length === 0 ? null : new CallSession(() => this.#current())
  }

  /** Gives every client a method. */
  static addMethod(name: string): unknown {
    const value = function (this: ObjectClient, ...args: unknown[]): Promise<unknown> {
      return this.#call(name, args)
    }
    Object.defineProperty(ObjectClient.prototype, name, { value })
    return value
  }

  async #call(method: string, args: unknown[]): Promise<unknown> {
    const session = this.#session && this.#frequent.includes(method) ? this.#session : null
    const calls = session?.take(Date.now()) ?? null
    let outcome: Outcome<unknown>
    try {
      outcome = await ask(calls ?? this.#current(), method, args)
    } catch (error) {
      session?.end()
      this.#stub = null
      // A session ends with the object's life, whatever the reason; the object's next life is reached without it.
      if (isOverloaded(error) || !(calls || isRetryable(error))) throw error
      outcome = await ask(this.#current(), method, args)
    }
    if (!outcome.ok) throw errorOf(outcome.refusal)
    return outcome.value
  }

  #current(): Stub {
    this.#stub ??= this.#newStub()
    return this.#stub
  }
}

// What a client has no method for yet is asked of this; from then on all of them have it, and find it much faster.
Object.setPrototypeOf(
  ObjectClient.prototype,
  new Proxy(Object.prototype, {
    // A promise-like probe (`await client`) must not turn into a call.
    get: (_target, name) => (typeof name !== 'string' || name === 'then' ? undefined : ObjectClient.addMethod(name)),
  }),
)

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
