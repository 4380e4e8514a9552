import { z } from 'zod'

/*
 * The answers of OpenIM's REST calls. The other files in this folder describe each call once: the OpenAPI document
 * shows the descriptions, and a test compares every real answer with them. Serving a call does not use them.
 */

/** The names of shapes that several calls share, and the descriptions of fields. */
export const shapes = z.registry<{ id?: string; description?: string }>()

/** The description of a REST call: a summary, and the `data` of its answer; null when the answer has no `data`. */
export interface Call {
  summary: string
  data: z.ZodType | null
}

export type Calls = Readonly<Record<string, Call>>

/** A call whose answer has no `data`. */
export const does = (summary: string): Call => ({ summary, data: null })

/** A call whose `data` is an object of these fields, or another shape. */
export const answers = (summary: string, data: z.ZodType | z.ZodRawShape): Call => ({
  summary,
  data: data instanceof z.ZodType ? data : z.strictObject(data),
})

/** A shape with a name, so that the document describes it once. */
export function named<Shape extends z.ZodRawShape>(id: string, shape: Shape) {
  return z.strictObject(shape).register(shapes, { id })
}

/** A field with a description of its value. */
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
/** A number that uses all 64 bits; a JSON number in JavaScript is exact up to 2^53 only. */
export const uint64 = () => z.number().min(0)
export const base64 = () => z.base64()
export const ms = () => about(z.int(), 'milliseconds since 1970')
export const seconds = () => about(z.int(), 'seconds since 1970')
/** OpenIM: writes null for an empty list; clients accept either. */
export const list = <S extends z.ZodType>(item: S) => z.array(item).nullable()
export const map = <S extends z.ZodType>(value: S) => z.record(z.string(), value).nullable()
/** A nested message, which may be absent: then it is null. */
export const maybe = <S extends z.ZodType>(schema: S) => schema.nullable()
