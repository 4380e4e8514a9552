import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { ClientFailure } from '../errors.ts'
import type { RangeOptions, Store, StoreChange, StoreKey, StoreTable } from '../types.ts'

interface Schema extends DBSchema {
  state: { key: IDBValidKey; value: unknown }
  conversations: { key: IDBValidKey; value: unknown }
  messages: { key: IDBValidKey; value: unknown }
  outbox: { key: IDBValidKey; value: unknown }
  drafts: { key: IDBValidKey; value: unknown }
}

type Database = IDBPDatabase<Schema>

/** The steps to the present schema. The version of a database is the number of its steps: append, never change. */
const MIGRATIONS: readonly ((db: Database) => void)[] = [
  (db) => {
    for (const table of ['state', 'conversations', 'messages', 'outbox', 'drafts'] as const) db.createObjectStore(table)
  },
]

/** Opens the database of one user; rejects where the browser has none or forbids it. */
export async function openIndexedDB(name: string): Promise<Store> {
  const store = new IndexedDBStore(name)
  await store.open()
  return store
}

class IndexedDBStore implements Store {
  readonly #name: string
  #db: Promise<Database> | undefined

  constructor(name: string) {
    this.#name = name
  }

  async open(): Promise<Database> {
    this.#db ??= openDB<Schema>(this.#name, MIGRATIONS.length, {
      upgrade(db, oldVersion) {
        for (const migrate of MIGRATIONS.slice(oldVersion)) migrate(db)
      },
      // A newer version of the app in another tab waits until this one lets go.
      blocking: () => this.#drop(),
      terminated: () => this.#drop(),
    })
    try {
      return await this.#db
    } catch (error) {
      this.#db = undefined
      throw error
    }
  }

  get<T>(table: StoreTable, key: StoreKey): Promise<T | undefined> {
    return this.#use(async (db) => (await db.get(table, key as IDBValidKey)) as T | undefined)
  }

  range<T>(table: StoreTable, from: StoreKey, to: StoreKey, options: RangeOptions = {}): Promise<T[]> {
    return this.#use(async (db) => {
      const range = IDBKeyRange.bound(from, to)
      if (!options.isDescending) return (await db.getAll(table, range, options.limit)) as T[]
      const rows: T[] = []
      let cursor = await db.transaction(table).store.openCursor(range, 'prev')
      while (cursor && rows.length < (options.limit ?? Number.POSITIVE_INFINITY)) {
        rows.push(cursor.value as T)
        cursor = await cursor.continue()
      }
      return rows
    })
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    if (changes.length === 0) return
    const tables = [...new Set(changes.map(({ table }) => table))]
    // An unsent message must survive a crash of the device; everything else can be fetched again.
    const durability = tables.includes('outbox') ? 'strict' : 'relaxed'
    await this.#use(async (db) => {
      const transaction = db.transaction(tables, 'readwrite', { durability })
      // The outcome of the transaction covers the single requests, whose own rejections are not needed.
      for (const change of changes) {
        const rows = transaction.objectStore(change.table)
        const request =
          'from' in change
            ? rows.delete(IDBKeyRange.bound(change.from, change.to))
            : 'isDeletion' in change
              ? rows.delete(change.key as IDBValidKey)
              : rows.put(change.value, change.key as IDBValidKey)
        request.catch(() => {})
      }
      await transaction.done
    })
  }

  async close(): Promise<void> {
    await this.#drop()
  }

  async destroy(): Promise<void> {
    await this.#use(async (db) => {
      const tables = [...db.objectStoreNames]
      const transaction = db.transaction(tables, 'readwrite')
      for (const table of tables)
        transaction
          .objectStore(table)
          .clear()
          .catch(() => {})
      await transaction.done
    })
    await this.#drop()
  }

  /**
   * Safari loses its database server when a page comes from the background: every use of the old handle fails. So it is
   * opened again, once.
   */
  async #use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    try {
      return await work(await this.open())
    } catch (error) {
      if (isQuotaError(error)) {
        throw new ClientFailure('quota', 'the browser has no room left for messages; free some disk space', 0, {
          cause: error,
        })
      }
      if (!isLostHandle(error)) throw error
      await this.#drop()
      return work(await this.open())
    }
  }

  async #drop(): Promise<void> {
    const db = this.#db
    this.#db = undefined
    // A database that could not be opened needs no close.
    const opened = await db?.catch(() => undefined)
    opened?.close()
  }
}

function isLostHandle(error: unknown): boolean {
  return error instanceof DOMException && ['InvalidStateError', 'UnknownError', 'AbortError'].includes(error.name)
}

function isQuotaError(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError'
}
