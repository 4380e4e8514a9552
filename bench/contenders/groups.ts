import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Dialect, groupIDOf, userIDOf } from '../wires/product-wire.ts'

/** The groups that the scenarios send to, each with the number of its first member. */
export const GROUPS = [
  { first: 100_000, size: 100 },
  { first: 200_000, size: 1_000 },
  { first: 300_000, size: 10_000 },
] as const

const MEMBER = 20
const OWNER = 100

/** Writes the groups into the database before the server starts. */
export function groupsOnFile(persistDir: string, freshPersistDir: string): void {
  cpSync(freshPersistDir, persistDir, { recursive: true })
  const db = new DatabaseSync(databaseIn(join(persistDir, 'd1')))
  db.exec('BEGIN')
  for (const { first, size } of GROUPS) for (const dialect of ['json', 'gob'] as const) add(db, dialect, first, size)
  db.exec('COMMIT')
  db.close()
}

function add(db: DatabaseSync, dialect: Dialect, first: number, size: number): void {
  const group_id = groupIDOf(dialect, first, size)
  insert(db, 'chat_group', {
    group_id,
    owner_user_id: userIDOf(dialect, first),
    member_count: size,
    group_type: 2,
  })
  for (let member = first; member < first + size; member++) {
    const role_level = member === first ? OWNER : MEMBER
    insert(db, 'group_member', { group_id, user_id: userIDOf(dialect, member), role_level })
  }
}

function databaseIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const file = files.find((name) => name.endsWith('.sqlite') && !name.endsWith('metadata.sqlite'))
  if (!file) throw new Error(`${folder} contains no database`)
  return join(folder, file)
}

/** Inserts one row; columns that are not given are 0 or "". */
function insert(db: DatabaseSync, table: string, given: Record<string, string | number>): void {
  const columns = db.prepare(`SELECT name, type FROM pragma_table_info('${table}')`).all() as {
    name: string
    type: string
  }[]
  const values = columns.map(({ name, type }) => given[name] ?? (type.toUpperCase() === 'INTEGER' ? 0 : ''))
  const places = columns.map(() => '?').join(', ')
  db.prepare(`INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) VALUES (${places})`).run(...values)
}
