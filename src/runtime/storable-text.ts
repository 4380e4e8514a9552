/** Escapes that may stand for a lone surrogate, for NUL or for a letter of `__proto__`; no other JSON holds such a text. */
const SUSPICIOUS = /\\u(d[89a-f]|00)|__proto__/i

/** A text of a JSON value that cannot be stored, with the sentence that refuses it. */
export interface UnstorableText {
  /** The dotted path, which is "" for the value itself. */
  path: string
  reason: string
}

/**
 * Finds a text that would be read back with other characters, or not at all. UTF-8 cannot express a lone surrogate,
 * SQLite's JSON ends a text at NUL, and schemas drop the key `__proto__`.
 * @param json the JSON from which the value was parsed
 */
export function findUnstorableText(json: string, value: unknown): UnstorableText | null {
  return SUSPICIOUS.test(json) ? find(value, '') : null
}

function find(value: unknown, path: string): UnstorableText | null {
  if (typeof value === 'string') {
    return isStorable(value) ? null : { path, reason: 'a text has no lone surrogates and no NUL characters' }
  }
  if (typeof value !== 'object' || value === null) return null
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    if (key === '__proto__') return { path: at, reason: 'a field cannot have this name' }
    const found = find(key, at.toWellFormed().replaceAll('\0', '')) ?? find(inner, at)
    if (found) return found
  }
  return null
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}
