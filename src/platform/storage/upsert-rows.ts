import { getTableColumns, type InferInsertModel, type SQL, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable, SQLiteUpdateSetSource } from 'drizzle-orm/sqlite-core'
import type { Database } from './d1.ts'

/*
 * Statements that write any number of rows. A D1 statement takes at most 100 bound parameters, so the rows are bound as
 * one JSON array.
 */

/** A field of the current row of the JSON array. */
export function jsonField(name: string): SQL {
  return sql`value ->> ${name}`
}

/**
 * A SELECT with one result row for each row of the JSON array.
 * @param columns the values of the result row, in the order of the table's columns
 * @param onlyIf when this does not hold, the SELECT has no rows. The default is needed: without a WHERE, SQLite reads
 *   the ON of a following ON CONFLICT as part of a join.
 */
export function selectJsonRows(rows: readonly unknown[], columns: readonly SQL[], onlyIf: SQL = sql`true`): SQL {
  return sql`SELECT ${sql.join([...columns], sql`, `)} FROM json_each(${JSON.stringify(rows)}) WHERE ${onlyIf}`
}

/** Inserts the rows if the condition holds. Rows carry the table's property names. */
export function insertRows<Table extends SQLiteTable>(
  db: Database,
  table: Table,
  rows: readonly InferInsertModel<Table>[],
  onlyIf?: SQL,
) {
  return db.insert(table).select(selectJsonRows(rows, Object.keys(getTableColumns(table)).map(jsonField), onlyIf))
}

/** Inserts the rows; a row whose key exists already is replaced. */
export function upsertRows<Table extends SQLiteTable>(
  db: Database,
  table: Table,
  rows: readonly InferInsertModel<Table>[],
  key: SQLiteColumn[],
) {
  const replaced = Object.entries(getTableColumns(table)).filter(([, column]) => !key.includes(column))
  const set = Object.fromEntries(
    replaced.map(([name, column]) => [name, sql`excluded.${sql.identifier(column.name)}`]),
  ) as SQLiteUpdateSetSource<Table>
  return insertRows(db, table, rows).onConflictDoUpdate({ target: key, set })
}
