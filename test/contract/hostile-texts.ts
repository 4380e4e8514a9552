import fc from 'fast-check'

/* Texts that a careless service changes: it cuts, trims, normalizes or escapes them, or takes them for another value. */

/** Pieces of Unicode that can be stored. */
const STORABLE = [
  // Control characters, and characters that only guide the display.
  ...['\u0001', '\u0007', '\u001b', '\u001f', '\u007f', '\u0085', '\t', '\n', '\r', '\r\n', '\u2028', '\u2029'],
  ...['\u202e', '\u200f', '\u2066', '\u2069', '\u061c', '\u200b', '\u200c', '\u200d', '\u2060', '\u00ad', '\ufeff'],
  // Spaces, which trimming removes.
  ...[' ', '  ', '\u00a0', '\u3000', '\u2003'],
  // One letter in several forms, which normalization joins.
  ...['\u00e9', 'e\u0301', '\ufb01', '\u1100\u1161', '\uac00', '\u212b', '\u0130', 'İ'],
  // Beyond the first plane, and values that are no characters.
  ...['\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1d4b3}', '\u{10ffff}', '\uffff', '\ufffe', '\ufffd', '\u{1f1e9}'],
  // Texts that have a meaning in another language or in another field.
  ...['"', "'", '\\', '\\0', '\\u0000', '\\ud800', '%', '%00', '%2F', '&amp;', '<b>', '--', ';', '{}', '$x', '@'],
  ...['a', 'Z', '0', '-1', '1e3', '0x10', '12345678901234567890', 'null', 'true', 'undefined', 'NaN', '\ufffd'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
]

/** No UTF-8 text has a lone surrogate, and SQLite's JSON functions end a text at NUL. */
const UNSTORABLE = ['\ud800', '\udbff', '\udc00', '\udfff\ud800', '\0', 'a\0b']

const LENGTHS = [64, 65, 128, 255, 256, 2_048, 2_049, 8_192, 8_193, 16_385, 100_000]

const joined = (pieces: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength }).map((all) => all.join(''))

/** A text that every field may hold, unless the field has a form of its own. */
export const storableText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: joined(STORABLE, 6) },
  { weight: 1, arbitrary: fc.constantFrom(...STORABLE) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter(isStorable) },
)

/** Any text, also one that is too long or that cannot be stored. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 2, arbitrary: joined([...STORABLE, ...UNSTORABLE], 4) },
  { weight: 2, arbitrary: fc.constantFrom(...UNSTORABLE) },
  { weight: 1, arbitrary: storableText },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...STORABLE), fc.constantFrom(...LENGTHS))
      .map(([piece, length]) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length)),
  },
)

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}
