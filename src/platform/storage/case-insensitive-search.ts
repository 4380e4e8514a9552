import { or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/**
 * The condition that a column contains a text, in any case. LIKE cannot be used: D1 accepts patterns of at most 50 bytes,
 * and `%` and `_` must match themselves.
 */
export function containsIgnoringCase(column: SQLWrapper, text: string): SQL | undefined {
  return or(...spellings(text).map((spelling) => sql`instr(lower(${column}), ${spelling}) > 0`))
}

/**
 * The spellings to search for. SQLite's `lower` changes only ASCII letters, so a text with other letters is searched for
 * as typed, in lower case, in capitals and with capital initials. ASCII texts have one spelling.
 */
function spellings(text: string): string[] {
  const lower = text.toLowerCase()
  const initials = lower.replace(/\p{L}+/gu, ([first = '', ...rest]) => first.toUpperCase() + rest.join(''))
  const asSqlite = (form: string) => form.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return [...new Set([text, lower, text.toUpperCase(), initials].map(asSqlite))]
}
