import { errorOf, type Outcome } from '../../contracts/outcome.ts'
import { CallSession, type Calls, type SessionOpener } from './call-session.ts'

/**
 * Creates the caller's side of an object. It unwraps outcomes, and repeats a call once on a new stub when the runtime
 * marks the error as retryable. Repeating is safe for every method: appends are identified by clientMsgID, deliveries
 * by seq.
 * @param frequent methods that the object also offers in a session; only for callers that are objects themselves,
 *   because a Worker does not live long enough to keep a session
 */
export function createObjectClient<T extends object>(
  stub: () => object,
  frequent: readonly (keyof T & string)[] = [],
): T {
  return new ObjectClient(stub as () => Stub, frequent) as unknown as T
}

type Stub = Calls & SessionOpener

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

  /** Adds a method to the prototype, and so to every client. */
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
      outcome = await callMethod(calls ?? this.#current(), method, args)
    } catch (error) {
      session?.end()
      this.#stub = null
      // A session ends whenever its object restarts, so any call that failed in a session is repeated without one.
      if (isOverloaded(error) || !(calls || isRetryable(error))) throw error
      outcome = await callMethod(this.#current(), method, args)
    }
    if (!outcome.ok) throw errorOf(outcome.refusal)
    return outcome.value
  }

  #current(): Stub {
    this.#stub ??= this.#newStub()
    return this.#stub
  }
}

// Handles the first call of each method name: adds the method to the prototype, where later calls find it much faster.
Object.setPrototypeOf(
  ObjectClient.prototype,
  new Proxy(Object.prototype, {
    // `await client` reads the property `then`, which must not become a call.
    get: (_target, name) => (typeof name !== 'string' || name === 'then' ? undefined : ObjectClient.addMethod(name)),
  }),
)

function callMethod(calls: Calls, method: string, args: unknown[]): Promise<Outcome<unknown>> {
  return (calls[method] as Calls[string])(...args)
}

/** Whether the runtime marks the error as its own and temporary. */
function isRetryable(error: unknown): boolean {
  return (error as { retryable?: boolean } | null)?.retryable === true
}

/** Whether the object is overloaded; repeating the call would add to the load. */
function isOverloaded(error: unknown): boolean {
  return (error as { overloaded?: boolean } | null)?.overloaded === true
}
