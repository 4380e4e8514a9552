import { z } from 'zod'

/*
 * Zod schemas that read OpenIM's REST requests as OpenIM does. A missing or null field has its zero value, unknown keys
 * are ignored, keys match in any case, and only a wrong type is an error.
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
/** 64-bit integers are JSON numbers. Numbers beyond 2^53 would not be exact, so they are refused. */
export const int64 = () => zero(z.int(), 0)
export const uint64 = () => zero(z.int().min(0), 0)
/** A hash uses all 64 bits; `http/body.ts` parses a number beyond 2^53 as a bigint, which is exact. */
export const hash64 = () => zero(z.union([z.int().min(0).transform(BigInt), z.bigint().min(0n)]), 0n)
export const list = <S extends z.ZodType>(item: S, max?: number) =>
  zero(max === undefined ? z.array(item) : z.array(item).max(max), [] as z.output<S>[])

/** A field of a protobuf wrapper type: null or absent leaves the stored value, any value (also "" or 0) sets it. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((given) => given ?? null)

/** A request or nested message. */
export function message<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]))
  return z.preprocess((given) => foldKeys(given, keys), z.object(shape))
}

/** The most rows of a page, unless a call has another limit. */
const MAX_PAGE = 1_000

export const pagination = (max = MAX_PAGE) =>
  message({
    pageNumber: int32(),
    showNumber: int32().pipe(z.int().max(max, { error: `showNumber is at most ${max}` })),
  }).refine((page) => page.pageNumber >= 1, {
    error: 'pageNumber counts from 1',
  })

export interface Pagination {
  pageNumber: number
  showNumber: number
}

/** The rows of a page: how many to skip and to take. A showNumber of 0 or less asks only for the total. */
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
