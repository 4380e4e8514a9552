/** Takes requests apart field by field, for sweeps that spoil one at a time. */

/** The way to a field of a request. */
export type Path = (string | number)[]

/** The way to every field of a request, however deep. */
export function fieldsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  const inner = Object.entries(value).flatMap(([key, held]) =>
    fieldsOf(held, [...at, Array.isArray(value) ? Number(key) : key]),
  )
  return at.length === 0 ? inner : [at, ...inner]
}

/** The request with one field set; undefined takes it away. */
export function withField(value: unknown, [key, ...rest]: Path, given: unknown): unknown {
  if (key === undefined) return given
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  copy[key] = withField(copy[key], rest, given)
  return copy
}

/** What a field holds. */
export const held = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value)

/** A value that is of another type. */
export const wrongFor = (value: unknown): unknown =>
  typeof value === 'object' ? 'text' : { not: ['what', 'is', 'meant'] }
/** The zero value of the same type. */
export function emptyFor(value: unknown): unknown {
  if (Array.isArray(value)) return []
  if (typeof value === 'object') return {}
  return typeof value === 'string' ? '' : 0
}
/** More of the same type than anybody has a use for. */
export function enormousFor(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from({ length: 5_000 }, (_, i) => (typeof value[0] === 'number' ? i : `u${i}`))
  if (typeof value === 'number') return 1e300
  return 'x'.repeat(100_000)
}
