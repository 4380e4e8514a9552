import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiDocument, Operation } from '../../../src/http/docs/api-document.ts'
import { endpoints } from '../../../src/http/endpoints.ts'
import { CALLS } from '../../../src/protocol/calls/index.ts'
import { ERRORS } from '../../../src/protocol/errors.ts'
import { request } from '../../rigs/rig.ts'

let document: ApiDocument
let operations: Operation[]

beforeAll(async () => {
  document = await (await request('/openapi.json')).json()
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
})

const bodyOf = (path: string) => document.paths[path]?.post?.requestBody?.content['application/json']?.schema

describe('the OpenAPI document', () => {
  it('describes all existing calls, and only these', () => {
    const described = Object.entries(document.paths).flatMap(([path, { post }]) => (post ? [path] : []))
    expect(described.sort()).toEqual(endpoints.map(({ path }) => path).sort())
  })

  it('has the fields that OpenAPI 3.1 requires', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const tags = document.tags.map(({ name }) => name)
    for (const [path, methods] of Object.entries(document.paths)) {
      expect(path).toMatch(/^\//)
      for (const { summary, tags: own, responses, parameters = [], security } of Object.values(
        methods,
      ) as Operation[]) {
        expect(summary).toMatch(/\.$/)
        expect(tags).toEqual(expect.arrayContaining(own))
        expect(Object.keys(responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(true)
        expect(Object.values(responses).every(({ description }) => description !== '')).toBe(true)
        for (const requirement of security) {
          expect(document.components.securitySchemes).toHaveProperty(Object.keys(requirement))
        }
        const inPath = parameters.flatMap((given) => ('in' in given && given.in === 'path' ? [given.name] : []))
        expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
      }
    }
  })

  it('has only references to existing parts', () => {
    const pointers = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer]) => pointer ?? '')
    expect(pointers.length).toBeGreaterThan(100)
    for (const pointer of new Set(pointers)) {
      const target = pointer.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document)
      expect(target, pointer).toBeTypeOf('object')
    }
  })

  it('uses only keywords of JSON Schema', () => {
    const words = new Set<string>()
    collectWords(Object.values(document.components.schemas), words)
    for (const { requestBody, responses } of operations) {
      for (const { schema } of Object.values(requestBody?.content ?? {})) collectWords([schema], words)
      for (const { content } of Object.values(responses)) {
        for (const { schema } of Object.values(content ?? {})) collectWords([schema], words)
      }
    }
    expect([...words].sort()).toEqual([
      ...[
        '$ref',
        'additionalProperties',
        'allOf',
        'anyOf',
        'const',
        'contentEncoding',
        'description',
        'enum',
        'format',
      ],
      ...['items', 'maxItems', 'maxLength', 'maximum', 'minItems', 'minLength', 'minimum', 'pattern', 'properties'],
      ...['required', 'title', 'type'],
    ])
  })

  it('names the callers that each call allows', () => {
    const secured = (path: string) => document.paths[path]?.post
    expect(secured('/auth/get_admin_token')?.security).toEqual([])
    expect(secured('/user/get_users_info')?.security).toEqual([{ token: [] }])
    expect(secured('/user/user_register')?.description).toBe('For administrators only.')
  })

  it('describes the types, optional fields and limits that a call checks', () => {
    expect(bodyOf('/friend/update_friends')).toEqual({
      type: 'object',
      properties: {
        ownerUserID: { type: 'string', minLength: 1, maxLength: 64 },
        friendUserIDs: { type: ['array', 'null'], items: { type: 'string' }, maxItems: 1000 },
        isPinned: { type: ['boolean', 'null'] },
        remark: { type: ['string', 'null'], maxLength: 255 },
        ex: { type: ['string', 'null'], maxLength: 8192 },
      },
      required: ['ownerUserID'],
    })
    expect(bodyOf('/friend/add_friend_response')?.properties?.handleResult).toEqual({ type: 'integer', enum: [1, -1] })
    expect(bodyOf('/friend/get_full_friend_user_ids')?.properties?.idHash).toMatchObject({ format: 'uint64' })
    expect(bodyOf('/msg/mark_msgs_as_read')?.properties?.seqs).toMatchObject({ items: { type: 'integer', minimum: 1 } })
  })

  it('describes a field that is sent in the query as a parameter', () => {
    const operation = document.paths['/msg/send_simple_msg']?.post
    expect(operation?.parameters).toContainEqual({
      ...{ name: 'key', in: 'query', required: true },
      schema: { type: 'string', minLength: 1 },
    })
    expect(bodyOf('/msg/send_simple_msg')?.properties).not.toHaveProperty('key')
  })

  it('lists the number of every error that this service answers', () => {
    const codes = document.components.schemas.ErrorCode?.anyOf?.flatMap((entry) => entry.const ?? []) ?? []
    expect(codes).toEqual(expect.arrayContaining([0, 500, 1001, ERRORS.NotPeersFriend.code, ERRORS.DataError.code]))
    expect(codes).not.toContain(ERRORS.SdkMsgHasDeletedError.code)
    expect(codes).not.toContain(ERRORS.UnknownCode.code)
  })
})

describe('the documentation page', () => {
  it('shows every call and every error, and loads nothing from other hosts', async () => {
    const response = await request('/docs')
    const page = await response.text()
    expect(response.headers.get('content-type')).toContain('text/html')
    for (const { path } of endpoints) expect(page).toContain(`POST ${path}<`)
    for (const { summary } of Object.values(CALLS)) expect(summary).not.toContain('<')
    expect(page).toContain('BlockedByPeer')
    expect(page).not.toMatch(/<script|https?:\/\/|@import|url\(/)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('is also served under /api, as the OpenAPI document is', async () => {
    expect((await request('/api/docs')).status).toBe(200)
    expect(await (await request('/api/openapi.json')).json()).toEqual(document)
  })
})

/** Collects the keywords of schemas, but not the names of fields. */
function collectWords(schemas: unknown[], words: Set<string>): void {
  for (const schema of schemas) {
    if (typeof schema !== 'object' || schema === null) continue
    for (const [word, value] of Object.entries(schema)) {
      words.add(word)
      if (word === 'properties') collectWords(Object.values(value), words)
      else if (['items', 'additionalProperties'].includes(word)) collectWords([value], words)
      else if (['anyOf', 'allOf'].includes(word)) collectWords(value, words)
    }
  }
}
