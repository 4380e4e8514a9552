import { z } from 'zod'
import { shapes } from '../../protocol/calls/shape.ts'

/** A JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1), with the keywords that this service uses. */
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
  allOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  enum?: unknown[]
  const?: unknown
  [keyword: string]: unknown
}

export const COMPONENTS = '#/components/schemas/'

/** Integer bounds that the document shows as a format. JavaScript's bounds of exact integers stand for an int64. */
const INTEGER_FORMATS = [
  { format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  { format: 'uint32', minimum: 0, maximum: 2 ** 32 - 1 },
  { format: 'int64', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
]

/** The schema of a request: the input side of the zod schema, which is the side that the client writes. */
export function requestSchema(schema: z.ZodType): JsonSchema {
  return plain(inputSide(schema))
}

/** The schemas that answers refer to, by name. */
export function namedShapes(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(shapes, { metadata: shapes, uri: (id) => COMPONENTS + id })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema as JsonSchema)]))
}

/** The schema of one answer; it refers to the named schemas. */
export function answerSchema(schema: z.ZodType): JsonSchema {
  const id = shapes.get(schema)?.id
  return id === undefined
    ? plain(z.toJSONSchema(schema, { metadata: shapes }) as JsonSchema)
    : { $ref: COMPONENTS + id }
}

function inputSide(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    // A hash may be a bigint in zod, which JSON Schema cannot express and clients cannot write.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const limits = limitsAfter(zodSchema)
      if (limits) restrict(jsonSchema as JsonSchema, inputSide(limits))
    },
  }) as JsonSchema
}

/** The schema behind a pipe: `str().pipe(z.string().max(9))` accepts null, then limits, and the limit is documented. */
function limitsAfter(schema: z.core.$ZodType): z.ZodType | null {
  const { def } = (schema as z.ZodPipe)._zod
  if (def.type !== 'pipe') return null
  const isStep = (part: z.core.$ZodType) => part._zod.def.type === 'transform'
  return isStep(def.in) || isStep(def.out) ? null : (def.out as z.ZodType)
}

/** Adds the limits to every alternative of a schema that has their type. */
function restrict(schema: JsonSchema, { $schema: _, ...given }: JsonSchema): void {
  const limits = asEnum(given)
  const restricted = (given: JsonSchema): JsonSchema => {
    if (given.type !== limits.type) return given
    const items = given.items?.anyOf ? given.items : { ...limits.items, ...given.items }
    return { ...given, ...limits, ...(given.items && { items }) }
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

/** Several integer constants as one list. */
function asEnum(limits: JsonSchema): JsonSchema {
  const values = limits.anyOf?.map(({ const: value }) => value) ?? []
  return values.length > 0 && values.every(Number.isInteger) ? { type: 'integer', enum: values } : limits
}

/** Removes keywords that do not restrict, and shortens the others. */
function plain(given: JsonSchema): JsonSchema {
  const { $schema, $id, $defs, propertyNames, ...schema } = given
  if (schema.$ref) schema.$ref = schema.$ref.replace('#/$defs/', COMPONENTS)
  if (schema.properties) schema.properties = mapValues(schema.properties, plain)
  if (schema.items) schema.items = plain(schema.items)
  const { additionalProperties } = schema
  if (isAnything(additionalProperties)) delete schema.additionalProperties
  else if (typeof additionalProperties === 'object') schema.additionalProperties = plain(additionalProperties)
  if (schema.type === 'number' && !hasFraction(schema)) schema.type = 'integer'
  if (schema.type === 'integer') return formatted(schema)
  return schema.anyOf ? joined(schema, schema.anyOf.map(plain)) : schema
}

/** Only degrees have fractions, and they can be negative. Other numbers are hashes and constants. */
const hasFraction = ({ minimum }: JsonSchema) => typeof minimum === 'number' && minimum < 0

/** Unknown fields are ignored, so `additionalProperties: false` is left out; an empty schema allows anything. */
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

/** Merges alternatives into one schema when they are a type and null, several constants, or a hash in two types. */
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
