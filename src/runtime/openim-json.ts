import { z } from 'zod'

/*
 * The JSON of OpenIM's REST requests: a missing or null field is its zero value, unknown keys are ignored, keys match
 * whatever their case, and only a wrong type is an error. These pieces give zod schemas exactly that reading.
 */

const zero = <S extends z.ZodType, V>(schema: S, value: V) => schema.nullish().transform((given) => given ?? value)

const INT32_MAX = 2 ** 31 - 1

export const str = () => zero(z.string(), '')
export const bool = () => zero(z.boolean(), false)
export const int32 = () =>
  zero(
    z
      .int()
      .min(-INT32_MAX - 1)
      .max(INT32_MAX),
    0,
  )
/** 64-bit integers travel as JSON numbers; past 2^53 they would not be exact, so they are refused. */
export const int64 = () => zero(z.int(), 0)
export const uint64 = () => zero(z.int().min(0), 0)
/** A hash uses all 64 bits: `http/body.ts` reads such a number exactly, as a bigint. */
export const hash64 = () => zero(z.union([z.int().min(0).transform(BigInt), z.bigint().min(0n)]), 0n)
export const list = <S extends z.ZodType>(item: S) => zero(z.array(item), [] as z.output<S>[])

/** A field of a wrapper type: null or absent = leave as it is; a value, even "" or 0, = set. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((given) => given ?? null)

/** A request or nested message. */
export function message<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]))
  return z.preprocess((given) => foldKeys(given, keys), z.object(shape))
}

export const pagination = () =>
  message({ pageNumber: int32(), showNumber: int32() }).refine((page) => page.pageNumber >= 1, {
    error: 'pageNumber counts from 1',
  })

export interface Pagination {
  pageNumber: number
  showNumber: number
}

/** Rows to skip and to take for a page; a showNumber of 0 or less asks for the total alone. */
export function pageWindow(page: Pagination): { offset: number; limit: number } {
  const limit = Math.max(0, page.showNumber)
  return { offset: (page.pageNumber - 1) * limit, limit }
}

function foldKeys(given: unknown, keys: ReadonlyMap<string, string>): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const folded: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const name = keys.get(key.toLowerCase())
    if (name === undefined) continue
    // The exact spelling wins over one that differs in case only.
    if (name === key || !Object.hasOwn(given, name)) folded[name] = value
  }
  return folded
}
