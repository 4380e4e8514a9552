import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { ApiDocument } from '../../src/http/docs/api-document.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { OPENIM_CALLS } from '../../src/protocol/calls/index.ts'
import { adminToken, post, request } from '../rigs/rig.ts'
import openIM from '../vectors/openim-calls.json'
import { emptyPlaces } from './holds-nothing.ts'
import { QUERIES, SAMPLES } from './samples.ts'
import { FILE, ok, seedWorld, type World } from './world.ts'

/** Services that Prometheus asks for. */
const TARGETS = openIM.GET.filter((path) => path.startsWith('/prometheus_discovery/'))

/**
 * Where an answer may hold nothing although the world has what there is to show. Everywhere else an empty list would
 * mean that the test no longer looks at the shape of what is in it.
 */
const EMPTY: Readonly<Record<string, string[]>> = {
  // Who watches is a connection, and the caller has none.
  '/user/get_subscribe_users_status': ['data.statusList'],
  '/friend/get_specified_friends_info': ['data.infos.*.friendInfo.friendUser', 'data.infos.*.blackInfo.blackUserInfo'],
  // A blocked user is blocked, and nothing about it changes.
  '/friend/get_incremental_blacks': ['data.update'],
  // What changes of a group reaches its members by notifications.
  '/group/get_incremental_join_groups': ['data.update'],
  '/msg/batch_send_msg': ['data.failedUserIDs'],
  '/msg/newest_seq': ['data.minSeqs'],
  '/msg/pull_msg_by_seq': [
    ...['data.notificationMsgs.*.Msgs.*.offlinePushInfo', 'data.notificationMsgs.*.Msgs.*.atUserIDList'],
  ],
  // The address of a part says all: it needs no headers and no fields.
  '/object/initiate_multipart_upload': [
    ...['data.upload.sign.query', 'data.upload.sign.header'],
    ...['data.upload.sign.parts.*.query', 'data.upload.sign.parts.*.header'],
  ],
  '/object/auth_sign': ['data.query', 'data.header', 'data.parts.*.query', 'data.parts.*.header'],
  '/object/initiate_form_data': ['data.header', 'data.formData'],
}

/** Places in answers that are maps: what is in them counts as one. */
const MAPS: Readonly<Record<string, string[]>> = {
  '/group/get_incremental_group_members_batch': ['data.respList'],
  '/msg/newest_seq': ['data.maxSeqs'],
  '/msg/pull_msg_by_seq': ['data.msgs', 'data.notificationMsgs'],
  '/msg/get_conversations_has_read_and_max_seq': ['data.seqs'],
}

const exists = (path: string) => endpoints.some((endpoint) => endpoint.path === path)
const there = Object.keys(SAMPLES)

let world: World
let document: ApiDocument

beforeAll(async () => {
  world = await seedWorld()
  document = await (await request('/openapi.json')).json()
})

describe('the list of calls', () => {
  it('has every call that OpenIM’s server has, and calls nothing OpenIM’s that is not', () => {
    expect(Object.keys(OPENIM_CALLS).sort()).toEqual(openIM.POST)
  })

  it('has a sample request for each of OpenIM’s', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(Object.keys(OPENIM_CALLS).sort())
  })

  it.each(TARGETS)('GET %s lists what Prometheus may ask', async (path) => {
    const response = await request(path)
    expect(Target.array().safeParse(await response.json()).error).toBeUndefined()
  })
})

const Target = z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) })

describe('every call of OpenIM', () => {
  it.each(there)('%s answers in OpenIM’s shape, as documented', async (path) => {
    expect(exists(path), 'there is no such call').toBe(true)
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

describe('what OpenIM serves with GET', () => {
  it('is all tried here', () => {
    expect(openIM.GET).toEqual(['/object/*name', ...TARGETS, '/third/prometheus'])
  })

  it('/object/*name is the file, which one of the calls above has completed', async () => {
    const response = await request('/object/imAdmin/first.txt')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain'])
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(FILE)
    expect((await request('/object/imAdmin/none.txt')).status).toBe(404)
  })

  it('/third/prometheus leads to the dashboard', async () => {
    const data = JSON.stringify({ Prometheus: { GrafanaURL: 'https://grafana.example/d/1' } })
    await ok('/config/set_config', { configName: 'openim-api.yml', data })
    const response = await request('/third/prometheus', { redirect: 'manual' })
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://grafana.example/d/1'])
  })
})

/** A schema of the document as something that checks. */
function documented(content: Record<string, { schema: object }> | undefined): z.ZodType {
  const schema = { ...content?.['application/json']?.schema, $defs: document.components.schemas }
  const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')
  // zod reads patterns without the u flag, which JSON Schema means and ours need.
  const readable = (key: string, value: unknown) => {
    if (key === 'pattern') return undefined
    // All 64 bits of a hash are no integer to zod.
    const isHash = typeof value === 'object' && value !== null && 'format' in value && value.format === 'uint64'
    return isHash ? { ...value, type: ['number', 'null'] } : value
  }
  return z.fromJSONSchema(JSON.parse(text, readable))
}

function problems(shape: z.ZodType, value: unknown): string[] {
  const issues = shape.safeParse(value).error?.issues ?? []
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}
