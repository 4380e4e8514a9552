import { CALLS } from '../protocol/calls/index.ts'
import type { Call } from '../protocol/calls/shape.ts'
import { SERVER_ERRORS } from '../protocol/errors.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { answerSchema, type JsonSchema, namedShapes, requestSchema } from './json-schema.ts'
import { plainRoutes } from './plain-routes.ts'

/*
 * The API as an OpenAPI 3.1 document: what a call takes comes from the schema that validates it, what it answers from
 * the table that the tests hold the answers against.
 */

export interface Parameter {
  name: string
  in: 'header' | 'query' | 'path'
  required: boolean
  description?: string
  schema: JsonSchema
}

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  security: Record<string, string[]>[]
  parameters?: (Parameter | { $ref: string })[]
  requestBody?: { required: true; content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: JsonSchema }> }>
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

const REPLY = { $ref: '#/components/schemas/Reply' }
const OPERATION_ID = { $ref: '#/components/parameters/operationID' }

const DESCRIPTION = `Every call is a POST with a JSON body, and answers HTTP 200 with \`errCode\`, \`errMsg\`, \`errDlt\` and, \
where the call has something to say and went well, \`data\`. \`errCode\` 0 is success; the other numbers are listed under \
ErrorCode.

In a request a field that is missing or null has its zero value ("", 0, false, an empty list), unless it is required; \
unknown fields are ignored and names match in any case. In an answer every field is there, and an empty list may be null.

Clients connect to the WebSocket at the same address with one of OpenIM's SDKs, which speak its protocol.`

/** Describes every endpoint. */
export function describeApi(endpoints: readonly Endpoint[]): ApiDocument {
  const operations = endpoints.map((endpoint) => [endpoint.path, { post: operationOf(endpoint) }] as const)
  const paths: ApiDocument['paths'] = { ...Object.fromEntries(operations), ...plainRoutes() }
  const tags = new Set(Object.values(paths).flatMap(({ get, post }) => (get ?? post)?.tags ?? []))
  return {
    openapi: '3.1.0',
    info: {
      title: 'openim-edge',
      version: '0.1.0',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: '/', description: 'this deployment' },
      { url: '/api', description: 'the same, for clients that are set up with a path' },
    ],
    tags: [...tags].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Reply: replySchema(), ErrorCode: errorCodeSchema(), ...namedShapes() },
      parameters: {
        operationID: {
          name: 'operationID',
          in: 'header',
          required: true,
          description: 'Names this call in logs; any text, a new one for each call.',
          schema: { type: 'string', minLength: 1 },
        },
      },
      securitySchemes: {
        token: {
          type: 'apiKey',
          in: 'header',
          name: 'token',
          description: 'From /auth/get_user_token or /auth/get_admin_token.',
        },
      },
    },
  }
}

/** A path without a line in the table of calls would be a call that nobody can use. */
function operationOf(endpoint: Endpoint): Operation {
  const { path, access, quirks } = endpoint
  const call = CALLS[path]
  if (!call) throw new Error(`${path} has no line in protocol/calls`)
  const query = quirks?.query ?? []
  const body = requestSchema(endpoint.schema)
  const contents = endpoint.protobuf ? ['application/json', 'application/protobuf'] : ['application/json']
  return {
    operationId: path.slice(1).replaceAll('/', '_'),
    tags: [path.split('/')[1] ?? ''],
    summary: call.summary,
    ...(access === 'admin' && { description: 'For administrators only.' }),
    security: access === 'public' ? [] : [{ token: [] }],
    parameters: [OPERATION_ID, ...query.map((name) => queryParameter(name, body))],
    requestBody: {
      required: true,
      content: Object.fromEntries(
        contents.map((type) => [type, { schema: type === 'application/json' ? without(body, query) : {} }]),
      ),
    },
    responses: {
      '200': { description: 'The answer, or an error.', content: json(answerOf(call)) },
      ...(quirks?.badBodyStatus && {
        [quirks.badBodyStatus]: { description: 'The body is not acceptable.', content: json(REPLY) },
      }),
    },
  }
}

const json = (schema: JsonSchema) => ({ 'application/json': { schema } })

function answerOf({ data }: Call): JsonSchema {
  if (!data) return REPLY
  return { allOf: [REPLY, { type: 'object', properties: { data: answerSchema(data) } }] }
}

function queryParameter(name: string, body: JsonSchema): Parameter {
  const required = body.required?.includes(name) ?? false
  return { name, in: 'query', required, schema: body.properties?.[name] ?? {} }
}

/** A body without the fields that travel in the address. */
function without(body: JsonSchema, names: readonly string[]): JsonSchema {
  if (names.length === 0) return body
  const properties = Object.entries(body.properties ?? {}).filter(([name]) => !names.includes(name))
  return {
    ...body,
    properties: Object.fromEntries(properties),
    required: body.required?.filter((name) => !names.includes(name)) ?? [],
  }
}

function replySchema(): JsonSchema {
  return {
    type: 'object',
    required: ['errCode', 'errMsg', 'errDlt'],
    properties: {
      errCode: { $ref: '#/components/schemas/ErrorCode' },
      errMsg: { type: 'string', description: 'the name of the error; "" on success' },
      errDlt: { type: 'string', description: 'one sentence that says what is wrong' },
      data: { description: 'absent on errors, and where the call has nothing to answer' },
    },
  }
}

/** A webhook may refuse with a number of its own, so the list is not closed. */
function errorCodeSchema(): JsonSchema {
  const known = Object.values(SERVER_ERRORS).filter(({ when }) => when !== 'reserved')
  return {
    type: 'integer',
    description: 'An app backend that refuses in a webhook may answer other numbers.',
    anyOf: [
      ...known.map(({ code, msg, when }) => ({ const: code, title: msg, description: when })),
      { type: 'integer', title: 'a number of the app backend' },
    ],
  }
}
