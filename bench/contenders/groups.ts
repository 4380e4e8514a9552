import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { groupIDOf, userIDOf } from '../wires/product-wire.ts'

/** The groups that the scenarios write to, by the number of their first member. */
export const GROUPS = [
  { first: 100_000, size: 100 },
  { first: 200_000, size: 1_000 },
  { first: 300_000, size: 10_000 },
] as const

const MEMBER = 20
const OWNER = 100

/** Writes the groups into the directory before the server starts. */
export function groupsOnFile(persistDir: string, freshPersistDir: string): void {
  cpSync(freshPersistDir, persistDir, { recursive: true })
  const db = new DatabaseSync(databaseIn(join(persistDir, 'd1')))
  db.exec('BEGIN')
  for (const { first, size } of GROUPS) {
    insert(db, 'chat_group', {
      group_id: groupIDOf(first, size),
      owner_user_id: userIDOf(first),
      member_count: size,
      group_type: 2,
    })
    for (let member = first; member < first + size; member++) {
      insert(db, 'group_member', {
        group_id: groupIDOf(first, size),
        user_id: userIDOf(member),
        role_level: member === first ? OWNER : MEMBER,
      })
    }
  }
  db.exec('COMMIT')
  db.close()
}

function databaseIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const file = files.find((name) => name.endsWith('.sqlite') && !name.endsWith('metadata.sqlite'))
  if (!file) throw new Error(`${folder} holds no database`)
  return join(folder, file)
}

/** One row; what is not given is 0 or "". */
function insert(db: DatabaseSync, table: string, given: Record<string, string | number>): void {
  const columns = db.prepare(`SELECT name, type FROM pragma_table_info('${table}')`).all() as {
    name: string
    type: string
  }[]
  const values = columns.map(({ name, type }) => given[name] ?? (type.toUpperCase() === 'INTEGER' ? 0 : ''))
  const places = columns.map(() => '?').join(', ')
  db.prepare(`INSERT INTO ${table} (${columns.map(({ name }) => name).join(', ')}) VALUES (${places})`).run(...values)
}
