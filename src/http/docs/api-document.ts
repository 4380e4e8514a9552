import type { JsonSchema } from './json-schema.ts'

/* The types of the OpenAPI 3.1 document, as far as this service uses it. */

/** A body in one media type. */
interface Media {
  schema: JsonSchema
  example?: unknown
}

export interface Parameter {
  name: string
  in: 'header' | 'query' | 'path'
  required: boolean
  description?: string
  schema: JsonSchema
  example?: unknown
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  security: Record<string, string[]>[]
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { required: true; content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}

export interface ApiDocument {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  servers: { url: string; description: string }[]
  tags: { name: string }[]
  paths: Record<string, { get?: Operation; post?: Operation }>
  components: {
    schemas: Record<string, JsonSchema>
    parameters: Record<string, Parameter>
    securitySchemes: Record<string, { type: 'apiKey'; in: 'header'; name: string; description: string }>
  }
}
