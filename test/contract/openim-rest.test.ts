import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ApiDocument } from '../../src/http/docs/api-document.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { OPENIM_CALLS } from '../../src/protocol/calls/index.ts'
import { adminToken, post, request } from '../rigs/rig.ts'
import openIM from '../vectors/openim-calls.json'
import { emptyPlaces } from './empty-places.ts'
import { QUERIES, SAMPLES } from './samples.ts'
import { FILE, ok, seedWorld, type World } from './world.ts'

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
    expect(reply).toMatchObject({ errCode: 0, errMsg: '', errDlt: '' })

    const shape = OPENIM_CALLS[path]?.data
    if (shape) {
      expect(problems(shape, reply.data)).toEqual([])
      expect(emptyPlaces(reply.data, MAPS[path])).toEqual(EMPTY[path] ?? [])
    } else expect(reply).not.toHaveProperty('data')

    const operation = document.paths[path]?.post
    expect(problems(documented(operation?.requestBody?.content), sample)).toEqual([])
    expect(problems(documented(operation?.responses['200']?.content), reply)).toEqual([])
  })
})

describe('a GET request to an endpoint of OpenIM', () => {
  it('is tested in this file for each endpoint', () => {
    expect(openIM.GET).toEqual(['/object/*name', ...TARGETS, '/third/prometheus'])
  })

  it('is answered with the uploaded file by /object/*name', async () => {
    const response = await request('/object/imAdmin/first.txt')
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

/** Turns a schema of the document into a zod schema. */
function documented(content: Record<string, { schema: object }> | undefined): z.ZodType {
  const schema = { ...content?.['application/json']?.schema, $defs: document.components.schemas }
  const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')
  // JSON Schema means patterns with the u flag, which our patterns need; zod compiles them without it.
  const readable = (key: string, value: unknown) => {
    if (key === 'pattern') return undefined
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
