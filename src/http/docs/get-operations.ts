import type { ApiDocument, Operation } from './openapi.ts'

/** What is fetched with GET, outside the envelope of the calls. */
export function plainRoutes(): ApiDocument['paths'] {
  return {
    '/object/{name}': {
      get: route('file', 'A file, by the address that an upload or /object/access_url answered.', {
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          '200': { description: 'The bytes.' },
          '206': { description: 'The part that `Range` asked for.' },
          '302': { description: 'The address in the store, where clients reach it themselves.' },
          '403': { description: 'The signature is not valid or has expired, or a token is needed and missing.' },
          '404': { description: 'There is no such file.' },
        },
      }),
    },
    '/healthz': {
      get: route('healthz', 'Whether the Worker runs.', { responses: { '200': { description: 'It does.' } } }),
    },
    '/readyz': {
      get: route('readyz', 'Whether database and files can be reached.', {
        responses: {
          '200': { description: 'They can.' },
          '503': { description: 'One cannot; the answer says which.' },
        },
      }),
    },
    '/openapi.json': {
      get: route('openapi', 'This document.', { responses: { '200': { description: 'OpenAPI 3.1.' } } }),
    },
    '/docs': {
      get: route('docs', 'This document as a page.', { responses: { '200': { description: 'HTML.' } } }),
    },
  }
}

function route(operationId: string, summary: string, given: Pick<Operation, 'parameters' | 'responses'>): Operation {
  const tag = operationId === 'file' ? 'object' : 'service'
  return { operationId, tags: [tag], summary, security: [], ...given }
}
