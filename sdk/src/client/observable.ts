import type { Observable } from './types.ts'

/** An observable whose owner sets it. `get` and `subscribe` are bound, so that hooks can pass them on as they are. */
export class Value<T> implements Observable<T> {
  readonly get = (): T => this.#value
  readonly subscribe = (listener: () => void): (() => void) => {
    // An entry of its own, so that the same function can listen twice and end each subscription once.
    const entry = { listener }
    this.#entries.add(entry)
    this.onCount?.(this.#entries.size)
    return () => {
      if (this.#entries.delete(entry)) this.onCount?.(this.#entries.size)
    }
  }
  /** Called with the number of listeners whenever it changes. */
  onCount: ((listeners: number) => void) | undefined
  #value: T
  readonly #entries = new Set<{ listener: () => void }>()

  constructor(value: T) {
    this.#value = value
  }

  set(value: T): void {
    if (Object.is(this.#value, value)) return
    this.#value = value
    for (const { listener } of [...this.#entries]) callListener(listener)
  }
}

/** Typed events. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<{ listener: (value: never) => void }>>()

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): () => void {
    const entry = { listener }
    const entries = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, entries.add(entry))
    return () => void entries.delete(entry)
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const { listener } of [...(this.#listeners.get(event) ?? [])]) {
      callListener(() => (listener as (value: Events[K]) => void)(value))
    }
  }
}

/** Calls a listener of the app. Its error is reported as uncaught, so that it does not break the client. */
function callListener(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
