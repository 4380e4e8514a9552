import type { RangeOptions, Store, StoreChange, StoreKey, StoreTable } from '../types.ts'

/** A store that lives as long as its client. */
export class MemoryStore implements Store {
  readonly #tables = new Map<StoreTable, Map<string, { key: StoreKey; value: unknown }>>()

  async get<T>(table: StoreTable, key: StoreKey): Promise<T | undefined> {
    return this.#rows(table).get(JSON.stringify(key))?.value as T | undefined
  }

  async range<T>(table: StoreTable, from: StoreKey, to: StoreKey, options: RangeOptions = {}): Promise<T[]> {
    const rows = [...this.#rows(table).values()]
      .filter(({ key }) => compareKeys(key, from) >= 0 && compareKeys(key, to) <= 0)
      .sort((a, b) => compareKeys(a.key, b.key))
    if (options.isDescending) rows.reverse()
    return rows.slice(0, options.limit).map(({ value }) => value as T)
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    for (const change of changes) {
      const rows = this.#rows(change.table)
      if ('from' in change) {
        for (const [id, { key }] of rows) {
          if (compareKeys(key, change.from) >= 0 && compareKeys(key, change.to) <= 0) rows.delete(id)
        }
      } else if ('isDeletion' in change) rows.delete(JSON.stringify(change.key))
      else rows.set(JSON.stringify(change.key), { key: change.key, value: change.value })
    }
  }

  async close(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#tables.clear()
  }

  #rows(table: StoreTable) {
    const rows = this.#tables.get(table) ?? new Map<string, { key: StoreKey; value: unknown }>()
    this.#tables.set(table, rows)
    return rows
  }
}

/** IndexedDB's order: strings before lists, lists by their parts. */
function compareKeys(a: StoreKey, b: StoreKey): number {
  if (typeof a === 'string') return typeof b === 'string' ? compare(a, b) : -1
  if (typeof b === 'string') return 1
  return compare(a[0], b[0]) || a[1] - b[1]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
