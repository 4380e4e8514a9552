import { CALLS } from '../../protocol/calls/index.ts'
import type { Call } from '../../protocol/calls/shape.ts'
import { SERVER_ERRORS } from '../../protocol/errors.ts'
import type { Endpoint } from '../../runtime/endpoint.ts'
import type { ApiDocument, Operation, Parameter } from './api-document.ts'
import { getOperations } from './get-operations.ts'
import { answerSchema, type JsonSchema, namedShapes, requestSchema } from './json-schema.ts'

/*
 * Generates the OpenAPI 3.1 document. A call's request comes from the zod schema that validates it, its answer from the
 * table in `protocol/calls`, against which the tests check the real answers.
 */

const REPLY = { $ref: '#/components/schemas/Reply' }
const OPERATION_ID = { $ref: '#/components/parameters/operationID' }

const DESCRIPTION = `Every call is a POST with a JSON body. It answers HTTP 200 with \`errCode\`, \`errMsg\` and \`errDlt\`. \
A call that succeeds and returns something also has \`data\`. \`errCode\` 0 means success; ErrorCode lists the other numbers. \
A path that does not exist is answered with HTTP 404.

A missing or null field of a request has its zero value ("", 0, false, an empty list), unless it is required. Unknown \
fields have no effect, and the header \`x-openim-unknown-fields\` of the answer names them; a deployment may refuse them. \
Field names match in any case. An answer has every field, and an empty list may be null.

Clients connect to the WebSocket at the same address with one of OpenIM's SDKs, which implement its protocol.`

/** Describes every endpoint. */
export function describeApi(endpoints: readonly Endpoint[]): ApiDocument {
  const operations = endpoints.map((endpoint) => [endpoint.path, { post: operationOf(endpoint) }] as const)
  const paths: ApiDocument['paths'] = { ...Object.fromEntries(operations), ...getOperations() }
  const tags = new Set(Object.values(paths).flatMap(({ get, post }) => (get ?? post)?.tags ?? []))
  return {
    openapi: '3.1.0',
    info: {
      title: 'openim-edge',
      version: '0.2.0',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: '/', description: 'this deployment' },
      { url: '/api', description: 'this deployment, for clients that are configured with a path' },
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
          description: 'Identifies this call in logs: any text, a different one for each call.',
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

/** @throws Error for a path that is missing in the table of calls: the document would not say what it answers */
function operationOf(endpoint: Endpoint): Operation {
  const { path, access, quirks } = endpoint
  const call = CALLS[path]
  if (!call) throw new Error(`${path} is missing in protocol/calls`)
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
        [quirks.badBodyStatus]: { description: 'The body is not valid.', content: json(REPLY) },
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

/** The schema of a body without the fields that are query parameters. */
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
      data: { description: 'absent on errors, and when the call returns nothing' },
    },
  }
}

/** The list is open, because the app server may refuse in a webhook with a number of its own. */
function errorCodeSchema(): JsonSchema {
  const known = Object.values(SERVER_ERRORS).filter(({ when }) => when !== 'reserved')
  return {
    type: 'integer',
    description: 'When the app server refuses in a webhook, it may answer other numbers.',
    anyOf: [
      ...known.map(({ code, msg, when }) => ({ const: code, title: msg, description: when })),
      { type: 'integer', title: 'a number of the app server' },
    ],
  }
}
