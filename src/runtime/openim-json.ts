import { z } from 'zod'

/*
 * Zod schemas that read OpenIM's REST requests as OpenIM does. A missing or null field has its zero value, unknown keys
 * are ignored, keys match in any case, and only a wrong type is an error. `parseRequest` names the unknown keys.
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
export const list = <S extends z.ZodType>(item: S) => zero(z.array(item), [] as z.output<S>[])

/** A field of a protobuf wrapper type: null or absent leaves the stored value, any value (also "" or 0) sets it. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((given) => given ?? null)

/**
 * A request or nested message.
 * @param ignored fields that OpenIM's own clients send and that have no effect here
 */
export function message<Shape extends z.ZodRawShape>(shape: Shape, ignored: readonly string[] = []) {
  const keys = new Map<string, string | null>(Object.keys(shape).map((key) => [key.toLowerCase(), key]))
  for (const key of ignored) keys.set(key.toLowerCase(), null)
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

/** The rows of a page: how many to skip and to take. A showNumber of 0 or less asks only for the total. */
export function pageWindow(page: Pagination): { offset: number; limit: number } {
  const limit = Math.max(0, page.showNumber)
  return { offset: (page.pageNumber - 1) * limit, limit }
}

function foldKeys(given: unknown, keys: ReadonlyMap<string, string | null>): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const folded: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const name = keys.get(key.toLowerCase())
    if (name === null) continue
    // The exact spelling wins over one that differs in case only.
    if (name !== undefined && (name === key || !Object.hasOwn(given, name))) folded[name] = value
    else noteUnknown(given, key, value)
  }
  return folded
}

/** A key that no schema reads, in the object that holds it. */
interface UnknownKey {
  holder: object
  key: string
}

/** The unknown keys of the request that is being parsed; null while there is no such request. Parsing has no await. */
let unknownKeys: UnknownKey[] | null = null

const NO_KEYS: UnknownKey[] = []

/** The most unknown fields that are named. */
const MAX_NAMED = 20

/**
 * Parses a request.
 * @returns the result, and the dotted paths of the fields that no schema reads, such as `userInfo.nick`
 */
export function parseRequest<S extends z.ZodType>(
  schema: S,
  given: unknown,
): { result: z.ZodSafeParseResult<z.output<S>>; unknown: string[] } {
  unknownKeys = NO_KEYS
  try {
    const result = schema.safeParse(given)
    return { result, unknown: unknownKeys === NO_KEYS ? [] : pathsOf(given, unknownKeys) }
  } finally {
    unknownKeys = null
  }
}

/** OpenIM: `operationID` may be in the body of every call of its older API. */
const IN_EVERY_BODY = 'operationid'

/**
 * A field with its zero value carries nothing that could be lost: OpenIM's Go programs write all fields of a structure.
 */
function noteUnknown(holder: object, key: string, value: unknown): void {
  if (unknownKeys === null || isZero(value) || key.toLowerCase() === IN_EVERY_BODY) return
  if (unknownKeys === NO_KEYS) unknownKeys = []
  unknownKeys.push({ holder, key })
}

function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return !value
}

/** The paths of unknown keys; in a list, only that of the first item which has the key. */
function pathsOf(root: unknown, unknown: readonly UnknownKey[]): string[] {
  const keysOf = Map.groupBy(unknown, ({ holder }) => holder)
  const paths = new Map<string, string>()
  const visit = (value: unknown, at: readonly string[], shape: string) => {
    if (typeof value !== 'object' || value === null || paths.size >= MAX_NAMED) return
    for (const { key } of keysOf.get(value) ?? []) {
      const name = `${shape}.${key}`
      if (!paths.has(name)) paths.set(name, [...at, key].join('.'))
    }
    const isList = Array.isArray(value)
    for (const [key, inner] of Object.entries(value)) visit(inner, [...at, key], `${shape}.${isList ? '*' : key}`)
  }
  visit(root, [], '')
  return [...paths.values()].slice(0, MAX_NAMED)
}
