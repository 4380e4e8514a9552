import type { GroupChange } from '../../../contracts/group-change.ts'

/** Characters in one row. In any encoding, they take less than 2 MB, the limit of a row. */
const MAX_PIECE_CHARS = 500_000

/**
 * The intents: group changes that are stored here before D1 has them. The change of a thousand members may be larger
 * than one row, so it is stored in pieces.
 */
export class Intents {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  get count(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM group_intent').one().n
  }

  /** @returns the number of the intent */
  add(change: GroupChange): number {
    const [first = '', ...rest] = piecesOf(JSON.stringify(change))
    const insert = 'INSERT INTO group_intent (change) VALUES (?) RETURNING id'
    const { id } = this.#sql.exec<{ id: number }>(insert, first).one()
    for (const [part, piece] of rest.entries()) {
      this.#sql.exec('INSERT INTO group_intent_part (intent_id, part, change) VALUES (?, ?, ?)', id, part, piece)
    }
    return id
  }

  /** All pending intents, the oldest first. */
  all(): { id: number; change: GroupChange }[] {
    const rows = this.#sql.exec<{ id: number; change: string }>('SELECT id, change FROM group_intent ORDER BY id')
    return rows
      .toArray()
      .map(({ id, change }) => ({ id, change: JSON.parse(change + this.#laterPieces(id)) as GroupChange }))
  }

  remove(id: number): void {
    this.#sql.exec('DELETE FROM group_intent WHERE id = ?', id)
    this.#sql.exec('DELETE FROM group_intent_part WHERE intent_id = ?', id)
  }

  #laterPieces(id: number): string {
    const select = 'SELECT change FROM group_intent_part WHERE intent_id = ? ORDER BY part'
    return this.#sql
      .exec<{ change: string }>(select, id)
      .toArray()
      .map((row) => row.change)
      .join('')
  }
}

function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (let from = 0; from < text.length; ) {
    let to = from + MAX_PIECE_CHARS
    // A cut never separates the two halves of a surrogate pair: SQLite does not keep a lone half.
    if (isHighSurrogate(text.charCodeAt(to - 1))) to--
    pieces.push(text.slice(from, to))
    from = to
  }
  return pieces
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
