import { or, type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/**
 * Whether a text of a row contains a text, whatever its case. LIKE would not do: D1 takes patterns of at most 50 bytes,
 * and `%` and `_` are letters here.
 */
export function containsIgnoringCase(column: SQLWrapper, text: string): SQL | undefined {
  return or(...spellings(text).map((spelling) => sql`instr(lower(${column}), ${spelling}) > 0`))
}

/**
 * SQLite's `lower` knows ASCII only. Other letters are looked for as typed, in lower case, in capitals and with capital
 * initials: that finds names as people write them, at no cost for ASCII texts, which have one spelling only.
 */
function spellings(text: string): string[] {
  const lower = text.toLowerCase()
  const initials = lower.replace(/\p{L}+/gu, ([first = '', ...rest]) => first.toUpperCase() + rest.join(''))
  const asSqlite = (form: string) => form.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return [...new Set([text, lower, text.toUpperCase(), initials].map(asSqlite))]
}
