import { beforeAll, describe, expect, it } from 'vitest'
import { SENT_CONTENTS } from '../../../src/features/message/send/content.ts'
import type { ApiDocument, Operation } from '../../../src/http/docs/api-document.ts'
import type { JsonSchema } from '../../../src/http/docs/json-schema.ts'
import { endpoints } from '../../../src/http/endpoints.ts'
import { NotificationKinds } from '../../../src/notification/kinds.ts'
import { CALLS } from '../../../src/protocol/calls/index.ts'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { HandleResult } from '../../../src/protocol/constants/handle-result.ts'
import { ERRORS } from '../../../src/protocol/errors.ts'
import { request } from '../../rigs/rig.ts'

let document: ApiDocument
let operations: Operation[]

beforeAll(async () => {
  document = await (await request('/openapi.json')).json()
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
})

const bodyOf = (path: string) => document.paths[path]?.post?.requestBody?.content['application/json']?.schema

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** The schema itself, or the one that it refers to. */
const resolved = (schema: JsonSchema | undefined): JsonSchema =>
  schema?.$ref ? (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : (schema ?? {})

/**
 * The names of integers that count or measure: times, sizes, seqs, versions and numbers of things. The app chooses the
 * `type` of a command and of a notification. Every other integer needs a code in `src/http/docs/number-codes.ts`.
 */
const QUANTITIES = new RegExp(
  `^(.*([tT]ime|[sS]eqs?|[cC]ount|[sS]ize|[vV]ersion|[nN]um(ber)?s?|[hH]ash|[sS]econds?|[dD]uration|total|Total)|${[
    ...['before', 'begin', 'end', 'start', 'expires', 'millisecond', 'durationMs', 'timestamp', 'attempt'],
    ...['partNumbers', 'maxParts', 'id', 'ids', 'deleted', 'replayed', 'hasReadSeq', 'version', 'size', 'count', 'num'],
    ...['offset', 'length', 'width', 'height', 'index', 'snapshotWidth', 'snapshotHeight'],
    ...['notificationType', 'type', 'successCodes'],
  ].join('|')})$`,
)

const HTTP_STATUS = 'WebhookDelivery.status'

interface IntegerField {
  place: string
  key: string
  field: JsonSchema
}

/** Every integer, and every list of integers, that a request or an answer has. */
function integerFields(): IntegerField[] {
  const found: IntegerField[] = []
  const visit = (schema: JsonSchema | undefined, place: string) => {
    for (const [key, field] of Object.entries(schema?.properties ?? {})) {
      const value = resolved(field.items ?? field)
      if ([value.type].flat().includes('integer')) found.push({ place, key, field: field.items ?? field })
      else visit(field, place)
    }
    for (const part of [schema?.items, ...(schema?.allOf ?? []), ...(schema?.anyOf ?? [])]) {
      if (part && !part.$ref) visit(part, place)
    }
  }
  for (const [name, schema] of Object.entries(document.components.schemas)) visit(schema, name)
  for (const [path, { post }] of Object.entries(document.paths)) {
    visit(post?.requestBody?.content['application/json']?.schema, path)
    visit(post?.responses['200']?.content?.['application/json']?.schema, path)
  }
  return found
}

/** Whether a schema has a name for each number: a list of constants, or words such as `1 Single: a chat`. */
function isNamed(field: JsonSchema): boolean {
  const { anyOf, enum: values, description = '', ...rest } = resolved(field)
  if (anyOf) return anyOf.every(({ title }) => Boolean(title))
  if (!values) return /^-?\d+ \w+: \w/.test(description) || description === 'a number of ContentType'
  return [rest['x-enum-varnames'], rest['x-enum-descriptions']].every(
    (names) => Array.isArray(names) && names.length === values.length && names.every(Boolean),
  )
}

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
        'contentMediaType',
        'contentSchema',
        'description',
        'enum',
        'format',
      ],
      ...['items', 'maxItems', 'maxLength', 'maximum', 'minItems', 'minLength', 'minimum', 'not', 'oneOf', 'pattern'],
      ...['properties', 'required', 'title', 'type', 'x-enum-descriptions', 'x-enum-varnames'],
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
    expect(bodyOf('/friend/get_full_friend_user_ids')?.properties?.idHash).toMatchObject({ format: 'uint64' })
    expect(bodyOf('/msg/mark_msgs_as_read')?.properties?.seqs).toMatchObject({ items: { type: 'integer', minimum: 1 } })
  })

  it('names every number that stands for something, in requests and answers', () => {
    const nameless = integerFields().filter(
      ({ key, place, field }) => !QUANTITIES.test(key) && !isNamed(field) && `${place}.${key}` !== HTTP_STATUS,
    )
    expect(nameless.map(({ place, key }) => `${place}.${key}`)).toEqual([])
  })

  it('names the numbers that a field accepts with the constants of the code', () => {
    expect(bodyOf('/friend/add_friend_response')?.properties?.handleResult).toEqual({
      type: 'integer',
      enum: [HandleResult.Refused, HandleResult.Agreed],
      'x-enum-varnames': ['Refused', 'Agreed'],
      'x-enum-descriptions': ['refused', 'accepted'],
      description: '-1 Refused: refused; 1 Agreed: accepted',
    })
    const { GroupInfo, ContentType: contentTypes } = document.components.schemas
    expect(GroupInfo?.properties?.status).toEqual({ $ref: '#/components/schemas/GroupStatus' })
    expect(contentTypes?.anyOf).toContainEqual({ const: 101, title: 'Text', description: 'text' })
    expect(contentTypes?.anyOf?.flatMap((entry) => entry.const ?? []).sort()).toEqual(Object.values(ContentType).sort())
  })

  it('describes the content of each contentType that a backend may send', () => {
    for (const path of ['/msg/send_msg', '/msg/batch_send_msg', '/manager/send_msg']) {
      const isOld = path === '/manager/send_msg'
      const body = bodyOf(path)
      expect(body?.properties?.content).toEqual(ref(isOld ? 'OldMessageContent' : 'MessageContent'))
      expect(body?.allOf).toEqual([ref(isOld ? 'OldMessageToSend' : 'MessageToSend')])
      const kinds = resolved(body?.allOf?.[0]).oneOf ?? []
      const byType = kinds.map(({ properties }) => [properties?.contentType?.const, properties?.content])
      expect(byType.map(([contentType]) => contentType)).toEqual(Object.keys(SENT_CONTENTS).map(Number))
      expect(byType).toContainEqual([ContentType.Text, ref(isOld ? 'OldTextContent' : 'TextContent')])
    }
    const withContent = endpoints.filter(({ path }) => bodyOf(path)?.properties?.content?.type === 'object')
    expect(withContent).toEqual([])
    expect(document.components.schemas.TextContent).toEqual({
      ...{ title: '101 Text', type: 'object', required: ['content'] },
      properties: { content: { type: 'string', minLength: 1 } },
    })
    expect(document.components.schemas.LocationContent?.properties?.longitude).toEqual({
      ...{ type: 'number', minimum: -180, maximum: 180 },
    })
  })

  it('describes the content of each contentType that an answer may hold', () => {
    for (const name of ['MsgData', 'ChatLog', 'SortedConversationMessage']) {
      expect(document.components.schemas[name]?.allOf).toEqual([ref('StoredMessage')])
    }
    const kinds = document.components.schemas.StoredMessage?.oneOf ?? []
    const types = kinds.flatMap(({ properties }) => properties?.contentType?.const ?? [])
    const notifications = Object.values(NotificationKinds).map(({ contentType }) => contentType)
    const sendable = Object.keys(SENT_CONTENTS).map(Number)
    expect(types.sort()).toEqual([...new Set([...notifications, ...sendable])].sort())
  })

  it('describes a field that is sent in the query as a parameter', () => {
    const operation = document.paths['/msg/send_simple_msg']?.post
    expect(operation?.parameters).toContainEqual({
      ...{ name: 'key', in: 'query', required: true, example: expect.any(String) },
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
    expect(page).not.toMatch(/<script|(src|href)="?https?:|@import|url\(/)
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
      else if (['items', 'additionalProperties', 'contentSchema', 'not'].includes(word)) collectWords([value], words)
      else if (['anyOf', 'allOf', 'oneOf'].includes(word)) collectWords(value, words)
    }
  }
}
