import { openDatabase } from '../../src/platform/storage/d1.ts'
import type { CallerContext } from '../../src/runtime/context.ts'
import { createContext } from '../../src/runtime/context.ts'
import { bindings } from './rig.ts'

/** A caller's context that counts the D1 statements it runs (`statements`) and the rows that they read. */
export function countedContext(userID: string): { ctx: CallerContext; read: { rows: number; statements: number } } {
  const read = { rows: 0, statements: 0 }
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>()
  const count = ({ meta }: D1Result) => {
    read.rows += meta.rows_read
    read.statements++
  }
  const counted = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, key) {
        if (key === 'bind') return (...values: unknown[]) => counted(target.bind(...values))
        if (key === 'all' || key === 'raw') {
          return async () => {
            // The result of `raw` has no count of rows, so the statement runs a second time with `all`.
            const result = await target.all()
            count(result)
            return key === 'all' ? result : target.raw()
          }
        }
        return Reflect.get(target, key)
      },
    })
    originals.set(wrapped, statement)
    return wrapped
  }
  const database = new Proxy(bindings.DB, {
    get(target, key) {
      if (key === 'prepare') return (text: string) => counted(target.prepare(text))
      if (key === 'batch') {
        return async (statements: D1PreparedStatement[]) => {
          const results = await target.batch(statements.map((one) => originals.get(one) ?? one))
          results.forEach(count)
          return results
        }
      }
      return Reflect.get(target, key)
    },
  })
  const caller = { userID, platformID: 5, isAdmin: false }
  return { ctx: { ...createContext(bindings, 'test-operation'), db: openDatabase(database), caller }, read }
}
