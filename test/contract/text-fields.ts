import type { ApiDocument } from '../../src/http/docs/api-document.ts'

/* The free texts of requests, from the API's documentation, which is made from the schemas that validate requests. */

interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  anyOf?: Schema[]
  allOf?: Schema[]
  oneOf?: Schema[]
  pattern?: string
  enum?: unknown[]
  const?: unknown
  $ref?: string
}

/** IDs name something that exists, or have rules of their own. */
const IS_ID = /(ID|IDs|ID1|ID2|IDList)$/

/** The paths of a call's string fields, except IDs and fields that have a pattern or a list of values. */
export function textFieldsOf(document: ApiDocument, path: string): string[] {
  const content = document.paths[path]?.post?.requestBody?.content as Record<string, { schema: Schema }> | undefined
  const found = new Set<string>()
  visit(content?.['application/json']?.schema ?? {}, '')
  return [...found]

  function visit(schema: Schema, at: string): void {
    if (schema.$ref) {
      const name = schema.$ref.split('/').at(-1) ?? ''
      visit((document.components.schemas as Record<string, Schema>)[name] ?? {}, at)
    }
    for (const inner of [...(schema.anyOf ?? []), ...(schema.allOf ?? []), ...(schema.oneOf ?? [])]) visit(inner, at)
    for (const [key, inner] of Object.entries(schema.properties ?? {})) visit(inner, at === '' ? key : `${at}.${key}`)
    if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties, `${at}.*`)
    if (schema.items) visit(schema.items, `${at}.*`)
    const isText = [schema.type].flat().includes('string') && !schema.pattern && !schema.enum && !('const' in schema)
    if (isText && !at.split('.').some((key) => IS_ID.test(key))) found.add(at)
  }
}
