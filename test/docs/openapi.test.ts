import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/http/docs/api-document.ts'
import { describeApi } from '../../src/http/docs/openapi.ts'
import { endpoints } from '../../src/http/endpoints.ts'

const document = JSON.parse(JSON.stringify(describeApi(endpoints)))
const operations: [string, string, Operation][] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Operation>).map(([method, operation]): [string, string, Operation] => [
    path,
    method,
    operation,
  ]),
)

describe('the OpenAPI document', () => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
  })

  it('has an example of the request and of the answer of every call', () => {
    const calls = operations.filter(([, method]) => method === 'post')
    const without = calls.filter(([, , { requestBody, responses }]) =>
      [requestBody, responses['200']].some((body) => body?.content?.['application/json']?.example === undefined),
    )
    expect(without.map(([path]) => path)).toEqual([])
  })

  it('has examples that its own schemas accept', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false, allErrors: true })
    ajv.addSchema(document, 'openapi')
    const problems = operations.flatMap(([path, method, { requestBody, responses }]) => {
      const at = `openapi#/paths/${pointer(path)}/${method}`
      const bodies = [
        ['requestBody', requestBody],
        ...Object.entries(responses).map(([status, response]) => [`responses/${status}`, response] as const),
      ] as const
      return bodies.flatMap(([place, body]) => {
        const example = body?.content?.['application/json']?.example
        if (example === undefined) return []
        const ref = `${at}/${place}/content/${pointer('application/json')}/schema`
        const accepts = ajv.compile({ $ref: ref })
        return accepts(example) ? [] : [`${path} ${place}: ${ajv.errorsText(accepts.errors)}`]
      })
    })
    expect(problems).toEqual([])
  })
})

const pointer = (key: string) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
