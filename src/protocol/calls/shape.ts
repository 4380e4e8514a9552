import { z } from 'zod'

/*
 * What OpenIM's REST calls answer. The tables beside this file say it once: the documentation shows them, and a test
 * holds every live answer against them. They are loaded by whoever shows or checks, never on the way of a call.
 */

/** Names of shapes that several calls share, and words about single fields. */
export const shapes = z.registry<{ id?: string; description?: string }>()

/** One REST call for the reader: what it does, and the `data` of its answer; null when it answers without. */
export interface Call {
  summary: string
  data: z.ZodType | null
}

export type Calls = Readonly<Record<string, Call>>

/** A call whose answer has no `data`. */
export const does = (summary: string): Call => ({ summary, data: null })

/** A call whose `data` is an object of these fields, or some other shape. */
export const answers = (summary: string, data: z.ZodType | z.ZodRawShape): Call => ({
  summary,
  data: data instanceof z.ZodType ? data : z.strictObject(data),
})

/** A shape with a name of its own. */
export function named<Shape extends z.ZodRawShape>(id: string, shape: Shape) {
  return z.strictObject(shape).register(shapes, { id })
}

/** A field with a word about what it holds. */
export function about<S extends z.ZodType>(schema: S, description: string): S {
  const field: z.ZodType = schema
  shapes.add(field, { description })
  return schema
}

export const str = () => z.string()
export const bool = () => z.boolean()
export const int32 = () => z.int32()
export const uint32 = () => z.uint32()
export const int64 = () => z.int()
/** Uses all 64 bits, more than a JSON number keeps in JavaScript. */
export const uint64 = () => z.number().min(0)
export const base64 = () => z.base64()
export const ms = () => about(z.int(), 'milliseconds since 1970')
export const seconds = () => about(z.int(), 'seconds since 1970')
/** OpenIM writes null for an empty list, and clients take either. */
export const list = <S extends z.ZodType>(item: S) => z.array(item).nullable()
export const map = <S extends z.ZodType>(value: S) => z.record(z.string(), value).nullable()
/** A nested message: null when there is none. */
export const maybe = <S extends z.ZodType>(schema: S) => schema.nullable()
