import type { ApiDocument, Operation } from './api-document.ts'
import { EXAMPLES } from './examples.ts'
import type { JsonSchema } from './json-schema.ts'

const HEALTH: JsonSchema = { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } }

const READINESS: JsonSchema = {
  type: 'object',
  required: ['ready', 'parts'],
  properties: {
    ready: { type: 'boolean' },
    parts: {
      type: 'object',
      description: 'the state of each part: `ok`, or the reason why it cannot be reached',
      additionalProperties: { type: 'string' },
    },
  },
}

const json = (schema: JsonSchema) => ({ 'application/json': { schema } })
const answer = (path: string, schema: JsonSchema) => ({
  'application/json': { schema, example: EXAMPLES[path]?.answer },
})

/** The paths that are read with GET; their answers have no envelope. */
export function getOperations(): ApiDocument['paths'] {
  return {
    '/object/{name}': {
      get: route('file', 'Returns a file. An upload or /object/access_url answers the address.', {
        parameters: [
          { name: 'name', in: 'path', required: true, schema: { type: 'string' }, example: 'imAdmin/first.txt' },
        ],
        responses: {
          '200': { description: 'The bytes.' },
          '206': { description: 'The range that the header `Range` names.' },
          '302': { description: 'Redirects to the store, if clients can reach it directly.' },
          '403': { description: 'The signature is not valid or has expired, or a required token is missing.' },
          '404': { description: 'The file does not exist.' },
        },
      }),
    },
    '/healthz': {
      get: route('healthz', 'Answers whether the Worker runs.', {
        responses: { '200': { description: 'The Worker runs.', content: answer('/healthz', HEALTH) } },
      }),
    },
    '/readyz': {
      get: route('readyz', 'Answers whether the service can reach its database, files, objects and queues.', {
        responses: {
          '200': { description: 'All of them can be reached.', content: answer('/readyz', READINESS) },
          '503': { description: 'At least one cannot be reached; the answer says which.', content: json(READINESS) },
        },
      }),
    },
    '/openapi.json': {
      get: route('openapi', 'Returns this document.', { responses: { '200': { description: 'OpenAPI 3.1.' } } }),
    },
    '/docs': {
      get: route('docs', 'Returns this document as an HTML page.', { responses: { '200': { description: 'HTML.' } } }),
    },
  }
}

function route(operationId: string, summary: string, given: Pick<Operation, 'parameters' | 'responses'>): Operation {
  const tag = operationId === 'file' ? 'object' : 'service'
  return { operationId, tags: [tag], summary, security: [], ...given }
}
