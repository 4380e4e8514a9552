import type { GroupChange } from '../../../contracts/group-change.ts'

/** Characters in one row: however they are written, that is less than the 2 MB that a row may have. */
const MAX_PIECE = 500_000

/** The changes of a group that are on their way. A change of a thousand members may be larger than a row. */
export class Intents {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  get count(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM group_intent').one().n
  }

  /** @returns the intent's number */
  add(change: GroupChange): number {
    const [first = '', ...rest] = pieces(JSON.stringify(change))
    const insert = 'INSERT INTO group_intent (change) VALUES (?) RETURNING id'
    const { id } = this.#sql.exec<{ id: number }>(insert, first).one()
    for (const [part, piece] of rest.entries()) {
      this.#sql.exec('INSERT INTO group_intent_part (intent_id, part, change) VALUES (?, ?, ?)', id, part, piece)
    }
    return id
  }

  /** All that wait, the oldest first. */
  all(): { id: number; change: GroupChange }[] {
    const rows = this.#sql.exec<{ id: number; change: string }>('SELECT id, change FROM group_intent ORDER BY id')
    return rows
      .toArray()
      .map(({ id, change }) => ({ id, change: JSON.parse(change + this.#restOf(id)) as GroupChange }))
  }

  remove(id: number): void {
    this.#sql.exec('DELETE FROM group_intent WHERE id = ?', id)
    this.#sql.exec('DELETE FROM group_intent_part WHERE intent_id = ?', id)
  }

  #restOf(id: number): string {
    const select = 'SELECT change FROM group_intent_part WHERE intent_id = ? ORDER BY part'
    return this.#sql
      .exec<{ change: string }>(select, id)
      .toArray()
      .map((row) => row.change)
      .join('')
  }
}

function pieces(text: string): string[] {
  const found: string[] = []
  for (let from = 0; from < text.length; ) {
    let to = from + MAX_PIECE
    // The two halves of one character stay together: a lone half is not text that SQLite keeps.
    if (isFirstHalf(text.charCodeAt(to - 1))) to--
    found.push(text.slice(from, to))
    from = to
  }
  return found
}

function isFirstHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
