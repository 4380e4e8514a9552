/** Visits the fields of requests, for tests that replace one field at a time with a wrong value. */

/** The path to a field of a request. */
export type Path = (string | number)[]

/** The paths to all fields of a request, at any depth. */
export function fieldsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at]
  const inner = Object.entries(value).flatMap(([key, held]) =>
    fieldsOf(held, [...at, Array.isArray(value) ? Number(key) : key]),
  )
  return at.length === 0 ? inner : [at, ...inner]
}

/** The request with one field replaced; undefined removes the field. */
export function withField(value: unknown, [key, ...rest]: Path, given: unknown): unknown {
  if (key === undefined) return given
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>
  copy[key] = withField(copy[key], rest, given)
  return copy
}

/** The value of a field. */
export const held = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value)

/** A value of another type. */
export const wrongFor = (value: unknown): unknown =>
  typeof value === 'object' ? 'text' : { not: ['what', 'is', 'meant'] }
/** The zero value of the same type. */
export function emptyFor(value: unknown): unknown {
  if (Array.isArray(value)) return []
  if (typeof value === 'object') return {}
  return typeof value === 'string' ? '' : 0
}
/** A value of the same type that is larger than any useful one. */
export function enormousFor(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from({ length: 5_000 }, (_, i) => (typeof value[0] === 'number' ? i : `u${i}`))
  if (typeof value === 'number') return 1e300
  return 'x'.repeat(100_000)
}
