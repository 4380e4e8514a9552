import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { ApiDocument, Parameter } from '../../src/http/docs/api-document.ts'
import { EXAMPLES, type Example } from '../../src/http/docs/examples.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { CALLS, OPENIM_CALLS } from '../../src/protocol/calls/index.ts'
import { NOTIFICATION_TIPS } from '../../src/protocol/calls/notifications.ts'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { adminToken, bindings, post, type ReplyBody, request } from '../rigs/rig.ts'
import { AppServer } from '../rigs/webhook-rig.ts'
import openIM from '../vectors/openim-calls.json'
import { emptyPlaces } from './empty-places.ts'
import { exampleOf, shapeOf } from './examples.ts'
import { callOwn, OWN_SAMPLES } from './own-samples.ts'
import { QUERIES, SAMPLES } from './samples.ts'
import { FILE, ok, seedWorld, sendOtherNotifications, type World } from './world.ts'

/** The service discovery calls of Prometheus. */
const TARGETS = openIM.GET.filter((path) => path.startsWith('/prometheus_discovery/'))

/**
 * The places where an answer may be empty although the seeded world has data for it. In every other place an empty list
 * fails, because the test could not check the shape of its items.
 */
const EMPTY: Readonly<Record<string, string[]>> = {
  // Connections subscribe to presence, and the caller has no connection.
  '/user/get_subscribe_users_status': ['data.statusList'],
  '/friend/get_specified_friends_info': ['data.infos.*.friendInfo.friendUser', 'data.infos.*.blackInfo.blackUserInfo'],
  // An entry of the block list never changes.
  '/friend/get_incremental_blacks': ['data.update'],
  // Members learn about changes of a group by notifications.
  '/group/get_incremental_join_groups': ['data.update'],
  '/msg/batch_send_msg': ['data.failedUserIDs'],
  '/msg/newest_seq': ['data.minSeqs'],
  '/msg/pull_msg_by_seq': [
    ...['data.notificationMsgs.*.Msgs.*.offlinePushInfo', 'data.notificationMsgs.*.Msgs.*.atUserIDList'],
  ],
  // The signed address of a part is complete: it needs no headers and no fields.
  '/object/initiate_multipart_upload': [
    ...['data.upload.sign.query', 'data.upload.sign.header'],
    ...['data.upload.sign.parts.*.query', 'data.upload.sign.parts.*.header'],
  ],
  '/object/auth_sign': ['data.query', 'data.header', 'data.parts.*.query', 'data.parts.*.header'],
  '/object/initiate_form_data': ['data.header', 'data.formData'],
}

/** `npm run gen:examples` records the examples of the API's documentation instead of comparing them. */
const isRecording = Boolean((bindings as { RECORD_EXAMPLES?: string }).RECORD_EXAMPLES)
const recorded: Record<string, Example> = {}
const OUTDATED = 'the example is out of date; run: npm run gen:examples'

/** The places in answers that are maps: all values of a map count as one place. */
const MAPS: Readonly<Record<string, string[]>> = {
  '/group/get_incremental_group_members_batch': ['data.respList'],
  '/msg/newest_seq': ['data.maxSeqs'],
  '/msg/pull_msg_by_seq': ['data.msgs', 'data.notificationMsgs'],
  '/msg/get_conversations_has_read_and_max_seq': ['data.seqs'],
}

const exists = (path: string) => endpoints.some((endpoint) => endpoint.path === path)
const samplePaths = Object.keys(SAMPLES)

let world: World
let document: ApiDocument

beforeAll(async () => {
  world = await seedWorld()
  document = await (await request('/openapi.json')).json()
})

describe('the list of calls', () => {
  it('has exactly the calls that OpenIM’s server has', () => {
    expect(Object.keys(OPENIM_CALLS).sort()).toEqual(openIM.POST)
  })

  it('has a sample request for each call of OpenIM', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(Object.keys(OPENIM_CALLS).sort())
  })

  it.each(TARGETS)('has GET %s, which lists the scrape targets of Prometheus', async (path) => {
    const response = await request(path)
    expect(Target.array().safeParse(await response.json()).error).toBeUndefined()
  })
})

const Target = z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) })

describe('every call of OpenIM', () => {
  it.each(samplePaths)('is answered by %s in the documented form of OpenIM', async (path) => {
    expect(exists(path), 'the call does not exist').toBe(true)
    const sample = await SAMPLES[path]?.(world)
    const query = new URLSearchParams(QUERIES[path]).toString()
    const reply = await post(query ? `${path}?${query}` : path, sample, await adminToken())
    checkAnswer(path, sample, reply)
  })
})

describe('a call that only this service has', () => {
  const app = new AppServer()
  afterAll(() => vi.restoreAllMocks())

  it('is every call that OpenIM’s server does not have', () => {
    const own = endpoints.map(({ path }) => path).filter((path) => !Object.hasOwn(OPENIM_CALLS, path))
    expect(Object.keys(OWN_SAMPLES).sort()).toEqual(own.sort())
  })

  it.each(Object.keys(OWN_SAMPLES))('is answered by %s in the documented form', async (path) => {
    const sample = await OWN_SAMPLES[path]?.(app)
    checkAnswer(path, sample, await callOwn(app, path, sample ?? {}))
  })
})

const PROBES = ['/healthz', '/readyz']

describe('a probe', () => {
  it.each(PROBES)('is answered by %s in the documented form', async (path) => {
    const answer = await (await request(path)).json()
    const content = document.paths[path]?.get?.responses['200']?.content
    expect(problems(documented(content), answer)).toEqual([])
    checkExample(path, { answer })
  })
})

describe('the notifications of all calls', () => {
  const kinds = Object.keys(NOTIFICATION_TIPS).map(Number)
  const problemsOf = ({ contentType, content }: { contentType: number; content: string }) =>
    problems(NOTIFICATION_TIPS[contentType as ContentType] ?? z.never(), JSON.parse(JSON.parse(content).detail))

  it('have the documented contents', async () => {
    await sendOtherNotifications()
    const received = () =>
      world.alice.received().map(({ msg }) => ({ contentType: msg.contentType, content: textOfContent(msg) }))
    const isMissing = (kind: number) => received().every(({ contentType }) => contentType !== kind)
    await expect.poll(() => kinds.filter(isMissing)).toEqual([])
    const notifications = received().filter(({ contentType }) => kinds.includes(contentType))
    expect(notifications.flatMap(problemsOf)).toEqual([])
  })

  it('have the documented contents in the history, also in the place of a revoked message', async () => {
    const { maxSeqs } = await ok('/msg/newest_seq', { userID: 'alice' })
    const ranges = Object.entries(maxSeqs).map(([conversationID, end]) => ({ conversationID, begin: 1, end, num: 100 }))
    const { msgs, notificationMsgs } = await ok('/msg/pull_msg_by_seq', {
      userID: 'alice',
      seqRanges: ranges,
      order: 0,
    })
    const logs: { Msgs: { contentType: number; content: string }[] }[] = Object.values({ ...msgs, ...notificationMsgs })
    const stored = logs
      .flatMap(({ Msgs }) => Msgs)
      .filter(({ contentType }) => kinds.includes(contentType))
      .map(({ contentType, content }) => ({ contentType, content: Buffer.from(content, 'base64').toString() }))
    const revoked = stored.filter(({ contentType }) => contentType === ContentType.MsgRevokeNotification)
    expect(revoked.filter(({ content }) => content.includes('sourceMessageSendID'))).toHaveLength(1)
    expect(stored.flatMap(problemsOf)).toEqual([])
  })
})

describe('the examples in the documentation', () => {
  it('are given for every call', async () => {
    const file = '../../src/http/docs/examples.json'
    if (isRecording) await expect(`${JSON.stringify(recorded, null, 2)}\n`).toMatchFileSnapshot(file)
    const shown = isRecording ? recorded : EXAMPLES
    expect(Object.keys(shown).sort()).toEqual([...endpoints.map(({ path }) => path), ...PROBES].sort())
  })
})

describe('a GET request to an endpoint of OpenIM', () => {
  it('is tested in this file for each endpoint', () => {
    expect(openIM.GET).toEqual(['/object/*name', ...TARGETS, '/third/prometheus'])
  })

  it('is answered with the uploaded file by /object/*name', async () => {
    const parameters = document.paths['/object/{name}']?.get?.parameters as Parameter[] | undefined
    const response = await request(`/object/${parameters?.[0]?.example}`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain'])
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(FILE)
    expect((await request('/object/imAdmin/none.txt')).status).toBe(404)
  })

  it('is redirected to the dashboard by /third/prometheus', async () => {
    const data = JSON.stringify({ Prometheus: { GrafanaURL: 'https://grafana.example/d/1' } })
    await ok('/config/set_config', { configName: 'openim-api.yml', data })
    const response = await request('/third/prometheus', { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://grafana.example/d/1'])
  })
})

/** Checks an answer, and that the documentation shows an example of the same shape. */
function checkAnswer(path: string, request: unknown, reply: ReplyBody): void {
  expect(reply).toMatchObject({ errCode: 0, errMsg: '', errDlt: '' })
  const shape = CALLS[path]?.data
  if (shape) {
    expect(problems(shape, reply.data)).toEqual([])
    expect(emptyPlaces(reply.data, MAPS[path])).toEqual(EMPTY[path] ?? [])
  } else expect(reply).not.toHaveProperty('data')

  const operation = document.paths[path]?.post
  expect(problems(documented(operation?.requestBody?.content), request)).toEqual([])
  expect(problems(documented(operation?.responses['200']?.content), reply)).toEqual([])

  checkExample(path, { query: QUERIES[path], request, answer: reply })
}

/** Checks that the documentation shows this request, and that each place of the shown answer is in the real answer. */
function checkExample(path: string, given: Parameters<typeof exampleOf>[0]): void {
  recorded[path] = exampleOf(given)
  if (isRecording) return
  const shown = EXAMPLES[path]
  expect(shapeOf(shown?.request), OUTDATED).toEqual(shapeOf(recorded[path]?.request))
  const real = shapeOf(exampleOf(given, Number.POSITIVE_INFINITY).answer, MAPS[path])
  expect(
    [...shapeOf(shown?.answer, MAPS[path])].filter((place) => !real.has(place)),
    OUTDATED,
  ).toEqual([])
}

const textOfContent = (msg: { content: Uint8Array }) => new TextDecoder().decode(msg.content)

/** Turns a schema of the document into a zod schema. */
function documented(content: Record<string, { schema: object }> | undefined): z.ZodType {
  const schema = { ...content?.['application/json']?.schema, $defs: document.components.schemas }
  const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')
  // JSON Schema means patterns with the u flag, which our patterns need; zod compiles them without it.
  const readable = (key: string, value: unknown) => {
    if (key === 'pattern' || key === 'oneOf') return undefined
    // zod does not accept a hash of 64 bits as an integer.
    const isHash = typeof value === 'object' && value !== null && 'format' in value && value.format === 'uint64'
    return isHash ? { ...value, type: ['number', 'null'] } : value
  }
  return z.fromJSONSchema(JSON.parse(text, readable))
}

function problems(shape: z.ZodType, value: unknown): string[] {
  const issues = shape.safeParse(value).error?.issues ?? []
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}
