import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Bindings } from '../../src/env.ts'
import { count, flushCounts } from '../../src/runtime/counters.ts'
import { metricsObject } from '../../src/runtime/rpc/stubs.ts'
import { adminToken, bindings, Device, post, register, request, userToken } from '../rigs/rig.ts'

let alice: string

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await userToken('alice')
})

/** Reads `/metrics` and returns every sample by its series. */
async function scrape(headers: Record<string, string>): Promise<Record<string, number>> {
  const response = await request('/metrics', { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).trimEnd().split('\n')
  for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? \d+)$/)
  const samples = lines.filter((line) => !line.startsWith('#')).map((line) => line.split(/ (?=\d+$)/))
  return Object.fromEntries(samples.map(([series, value]) => [series, Number(value)]))
}

const scrapeAsAdmin = async () => scrape({ token: await adminToken() })

describe('GET /metrics', () => {
  it('counts calls by path and code, with and without the prefix /api', async () => {
    const before = await scrapeAsAdmin()
    await post('/user/get_users_info', { userIDs: ['alice'] }, alice)
    await post('/api/user/get_users_info', { userIDs: ['alice'] }, alice)
    await post('/user/get_users_info', { userIDs: 1 }, alice)
    await post('/no/such_call', {}, alice)
    const after = await scrapeAsAdmin()
    const grown = (code: number) => {
      const series = `api_count{path="/user/get_users_info",code="${code}"}`
      return (after[series] ?? 0) - (before[series] ?? 0)
    }
    expect(grown(0)).toBe(2)
    expect(grown(1001)).toBe(1)
    expect(Object.keys(after).some((series) => series.includes('no/such_call'))).toBe(false)
  })

  it('counts logins, registrations and connections', async () => {
    const before = await scrapeAsAdmin()
    await register('carol', 'dave')
    const token = await userToken('carol')
    await Device.connect('carol', { token })
    await request('/ws?token=nonsense', { headers: { Upgrade: 'websocket' } })
    const after = await scrapeAsAdmin()
    const grown = (series: string) => (after[series] ?? 0) - (before[series] ?? 0)
    expect(grown('user_register_total')).toBe(2)
    expect(grown('user_login_total')).toBe(1)
    expect(grown('openim_connections_total{outcome="admitted"}')).toBe(1)
    expect(grown('openim_connections_total{outcome="refused"}')).toBe(1)
  })

  it('counts accepted and refused messages, and counts a retried message once', async () => {
    const before = await scrapeAsAdmin()
    const device = await Device.connect('alice', { token: alice })
    await device.sendText('bob', 'one')
    await device.sendText('bob', 'one')
    await post('/friend/add_black', { ownerUserID: 'bob', blackUserID: 'alice' }, await userToken('bob'))
    await expect(device.sendText('bob', 'two')).rejects.toThrow(/^1302/)
    const after = await scrapeAsAdmin()
    const grown = (series: string) => (after[series] ?? 0) - (before[series] ?? 0)
    expect(grown('single_chat_msg_process_success_total')).toBe(1)
    expect(grown('single_chat_msg_process_failed_total')).toBe(1)
  })

  it('shows the number of users and the backlogs of the queues', async () => {
    const samples = await scrapeAsAdmin()
    const users = await bindings.DB.prepare('SELECT count(*) AS n FROM user').first<{ n: number }>()
    expect(samples.openim_users).toBeGreaterThan(0)
    expect(samples.openim_users).toBeLessThanOrEqual(users?.n ?? 0)
    for (const queue of ['push', 'transfer', 'webhook']) {
      expect(samples[`openim_queue_backlog{queue="${queue}"}`]).toBeGreaterThanOrEqual(0)
    }
  })

  it('keeps counts that could not be sent to the MetricsObject', async () => {
    const before = await scrapeAsAdmin()
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    count('openim_cleaned_total', { task: 'test' }, 7)
    const failing = { getByName: () => ({ add: () => Promise.reject(new Error('down')) }) }
    await flushCounts({ ...bindings, METRICS: failing as unknown as Bindings['METRICS'] })
    expect(error).toHaveBeenCalledOnce()
    vi.restoreAllMocks()
    const series = 'openim_cleaned_total{task="test"}'
    expect((await scrapeAsAdmin())[series]).toBe((before[series] ?? 0) + 7)
  })

  it('adds up the counts of all isolates', async () => {
    await flushCounts(bindings)
    const object = metricsObject(bindings)
    await object.add({ 'api_count{path="/a",code="0"}': 2 })
    await object.add({ 'api_count{path="/a",code="0"}': 3 })
    expect(await scrapeAsAdmin()).toMatchObject({ 'api_count{path="/a",code="0"}': 5 })
  })
})

describe('the metrics endpoint', () => {
  afterEach(async () => {
    await post('/config/reset_config', {}, await adminToken())
  })

  it('accepts administrators and the metrics token', async () => {
    await scrape({ authorization: 'Bearer for-prometheus-only' })
    await scrapeAsAdmin()
  })

  it.each([
    ['without a token', {}],
    ['with a wrong metrics token', { authorization: 'Bearer for-prometheus-onlY' }],
    ['with the metrics token without its scheme', { authorization: 'for-prometheus-only' }],
    ['with a malformed token', { token: 'garbage' }],
  ])('refuses a request %s', async (_case, headers: Record<string, string>) => {
    const response = await request('/metrics', { headers })
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('api_count')
  })

  it('refuses users who are not administrators', async () => {
    expect((await request('/metrics', { headers: { token: alice } })).status).toBe(403)
  })

  it('is discovered by Prometheus as one target', async () => {
    expect(await (await request('/prometheus_discovery/api')).json()).toEqual([
      {
        targets: ['127.0.0.1'],
        labels: { namespace: 'default', __scheme__: 'http', __metrics_path__: '/metrics' },
      },
    ])
    expect(await (await request('/api/prometheus_discovery/msg_gateway')).json()).toEqual([])
    expect((await request('/prometheus_discovery/teapot')).status).toBe(404)
  })

  it('redirects /third/prometheus to the dashboard if the deployment has a dashboard', async () => {
    expect((await request('/third/prometheus', { redirect: 'manual' })).status).toBe(404)
    const data = JSON.stringify({ Prometheus: { GrafanaURL: 'https://grafana.example/d/1' } })
    await post('/config/set_config', { configName: 'openim-api.yml', data }, await adminToken())
    const response = await request('/third/prometheus', { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('https://grafana.example/d/1')
  })
})
