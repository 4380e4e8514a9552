import { z } from 'zod'
import { shapes } from '../protocol/calls/shape.ts'

/** A JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1), as far as ours need it. */
export interface JsonSchema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: JsonSchema | boolean
  anyOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  [keyword: string]: unknown
}

const COMPONENTS = '#/components/schemas/'

/** JavaScript's bounds of exact integers stand for "an int64"; they say nothing to the reader. */
const INTEGER_FORMATS = [
  { format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  { format: 'uint32', minimum: 0, maximum: 2 ** 32 - 1 },
  { format: 'int64', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
]

/** What a request may be: the side of the schema on which the client writes. */
export function requestSchema(schema: z.ZodType): JsonSchema {
  return plain(inputSide(schema))
}

/** The named shapes of answers, by their names. */
export function namedShapes(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(shapes, { metadata: shapes, uri: (id) => COMPONENTS + id })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema as JsonSchema)]))
}

/** The shape of one answer, which points to the named ones. */
export function answerSchema(schema: z.ZodType): JsonSchema {
  const id = shapes.get(schema)?.id
  return id === undefined
    ? plain(z.toJSONSchema(schema, { metadata: shapes }) as JsonSchema)
    : { $ref: COMPONENTS + id }
}

function inputSide(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    // What the client cannot write: the bigint beside the number of a hash.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const limits = limitsAfter(zodSchema)
      if (limits) restrict(jsonSchema as JsonSchema, inputSide(limits))
    },
  }) as JsonSchema
}

/** `str().pipe(z.string().max(9))` reads leniently and then limits: those limits bind the client too. */
function limitsAfter(schema: z.core.$ZodType): z.ZodType | null {
  const { def } = (schema as z.ZodPipe)._zod
  if (def.type !== 'pipe') return null
  const isStep = (part: z.core.$ZodType) => part._zod.def.type === 'transform'
  return isStep(def.in) || isStep(def.out) ? null : (def.out as z.ZodType)
}

/** Adds limits to what may be given, other than null. */
function restrict(schema: JsonSchema, { $schema: _, ...limits }: JsonSchema): void {
  const restricted = (given: JsonSchema): JsonSchema => {
    if (given.type !== limits.type) return given
    return { ...given, ...limits, ...(given.items && { items: { ...limits.items, ...given.items } }) }
  }
  if (Array.isArray(schema.type)) {
    schema.anyOf = schema.type.map((type) => restricted({ type }))
    delete schema.type
  } else if (schema.anyOf) {
    schema.anyOf = schema.anyOf.map(restricted)
  } else {
    Object.assign(schema, restricted(schema))
  }
}

/** Says the same in fewer words. */
function plain(given: JsonSchema): JsonSchema {
  const { $schema, $id, $defs, propertyNames, ...schema } = given
  if (schema.$ref) schema.$ref = schema.$ref.replace('#/$defs/', COMPONENTS)
  if (schema.properties) schema.properties = mapValues(schema.properties, plain)
  if (schema.items) schema.items = plain(schema.items)
  const { additionalProperties } = schema
  if (isAnything(additionalProperties)) delete schema.additionalProperties
  else if (typeof additionalProperties === 'object') schema.additionalProperties = plain(additionalProperties)
  if (schema.type === 'number') schema.type = 'integer'
  if (schema.type === 'integer') return formatted(schema)
  return schema.anyOf ? joined(schema, schema.anyOf.map(plain)) : schema
}

/** Clients ignore what they do not know, so "nothing else" is not worth saying, and "anything" says nothing. */
function isAnything(schema: JsonSchema | boolean | undefined): boolean {
  return schema === false || (typeof schema === 'object' && Object.keys(schema).length === 0)
}

function formatted(schema: JsonSchema): JsonSchema {
  const { minimum, maximum, exclusiveMinimum, ...rest } = schema
  const bounds = INTEGER_FORMATS.find((known) => known.minimum === minimum && known.maximum === maximum)
  if (bounds) return { ...rest, format: bounds.format, ...(bounds.minimum === 0 && { minimum: 0 }) }
  if (minimum === 0 && maximum === undefined) return { ...rest, format: 'uint64', minimum }
  if (maximum === Number.MAX_SAFE_INTEGER) return { ...rest, format: 'int64', minimum }
  return schema
}

/** One schema for alternatives that differ in little: null or not, one constant or another, a hash in two types. */
function joined(schema: JsonSchema, alternatives: JsonSchema[]): JsonSchema {
  const { anyOf: _, ...rest } = schema
  const isNull = ({ type }: JsonSchema) => type === 'null'
  const [only, ...others] = alternatives.filter((alternative) => !isNull(alternative))
  const nullable = alternatives.some(isNull)
  if (!only) return schema
  const values = [only, ...others].map((alternative) => alternative.const)
  if (others.length > 0 && values.every((value) => value !== undefined)) {
    return withNull({ ...rest, type: 'integer', enum: values }, nullable)
  }
  if (others.length === 1 && Object.keys(others[0] ?? {}).length === 0) {
    return withNull({ ...rest, ...only, format: 'uint64' }, nullable)
  }
  if (others.length > 0 || (nullable && typeof only.type !== 'string')) return { ...rest, anyOf: alternatives }
  return withNull({ ...rest, ...only }, nullable)
}

function withNull(schema: JsonSchema, nullable: boolean): JsonSchema {
  if (!nullable || typeof schema.type !== 'string') return schema
  return { ...schema, type: [schema.type, 'null'], ...(schema.enum && { enum: [...schema.enum, null] }) }
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
