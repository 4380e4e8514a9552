import { createServer, type ServerResponse } from 'node:http'
import { z } from 'zod'

const DATABASE_ID = '11111111-2222-4333-8444-555555555555'
const SCRIPT = '/workers/scripts/openim-edge'

export interface FakeCloudflare {
  /** Variables for wrangler: the address of the API, the account and its token. */
  env: Record<string, string>
  /** All changes, in order: created resources, uploads of the Worker, applied migrations. */
  changes: string[]
  /** Bindings of the last upload. */
  bindings: () => { name: string; type: string; text?: string }[]
  /** Makes every migration look new to the next deployment. */
  forgetMigrations: () => void
  close: () => void
  /** The cron triggers of the Worker. */
  crons(): string[]
}

/** Serves the calls of Cloudflare's API that a deployment makes, for an account that is empty at first. */
export async function startFakeCloudflare(): Promise<FakeCloudflare> {
  const changes: string[] = []
  const queues = new Map<string, object[]>()
  let crons: string[] = []
  const buckets = new Set<string>()
  const migrations: string[] = []
  let database: string | undefined
  let bindings: { name: string; type: string; text?: string }[] | undefined

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '', 'http://cloudflare')
    const path = url.pathname.replace('/client/v4', '').replace('/accounts/acme', '')
    const isPost = request.method === 'POST'
    const ok = (result: unknown) => reply(response, 200, { success: true, errors: [], messages: [], result })
    const missing = (code: number) =>
      reply(response, 404, { success: false, errors: [{ code, message: 'not found' }], messages: [], result: null })
    const databaseInfo = { uuid: DATABASE_ID, name: database }

    if (path === '/user/tokens/verify') return ok({ id: 'token', status: 'active' })
    if (path === '/user') return ok({ id: 'user', email: 'admin@example.com' })
    if (path === '/accounts') return ok([{ id: 'acme', name: 'Acme' }])
    if (path === '/memberships') return ok([{ account: { id: 'acme', name: 'Acme' } }])

    if (path === '/d1/database' && isPost) {
      database = JSON.parse(body).name
      changes.push(`create d1 ${database}`)
      return ok({ uuid: DATABASE_ID, name: database })
    }
    if (path === '/d1/database') return ok(database ? [databaseInfo] : [])
    if (path === `/d1/database/${DATABASE_ID}/query`) {
      const { sql } = JSON.parse(body)
      const name = /'([^']+\.sql)'/.exec(sql)?.[1]
      if (name) {
        migrations.push(name)
        changes.push(`migrate ${name}`)
      }
      const results = /^SELECT/.test(sql) ? migrations.map((name, i) => ({ id: i + 1, name, applied_at: '' })) : []
      return ok([{ results, success: true, meta: { duration: 1 } }])
    }
    if (path.startsWith('/d1/database/')) return database ? ok(databaseInfo) : missing(7404)

    if (path === '/r2/buckets' && isPost) {
      const { name } = JSON.parse(body)
      buckets.add(name)
      changes.push(`create r2 ${name}`)
      return ok({ name })
    }
    if (path === '/r2/buckets') return ok({ buckets: [...buckets].map((name) => ({ name })) })
    if (path.startsWith('/r2/buckets/'))
      return buckets.has(path.slice(12)) ? ok({ name: path.slice(12) }) : missing(10006)

    if (path === '/queues' && isPost) {
      const name = JSON.parse(body).queue_name
      queues.set(name, [])
      changes.push(`create queue ${name}`)
      return ok({ queue_id: name, queue_name: name })
    }
    if (path === '/queues') {
      const asked = url.searchParams.getAll('name')
      const names = [...queues.keys()].filter((name) => asked.length === 0 || asked.includes(name))
      return ok(names.map((name) => ({ queue_id: name, queue_name: name, producers: [], consumers: queues.get(name) })))
    }
    if (path.startsWith('/queues/')) {
      const name = path.split('/')[2] ?? ''
      const consumer = JSON.parse(body)
      queues.set(name, [{ type: 'worker', consumer_id: 'consumer', script: consumer.script_name }])
      changes.push(`consume ${name}, dead letters to ${consumer.dead_letter_queue}`)
      return ok(consumer)
    }

    if (path === SCRIPT && request.method === 'PUT') {
      bindings = JSON.parse(/\{"main_module".*\}/.exec(body)?.[0] ?? '{}').bindings
      changes.push('upload')
      return ok({ id: 'openim-edge', etag: 'etag', deployment_id: DATABASE_ID.replaceAll('-', ''), startup_time_ms: 5 })
    }
    if (path.startsWith('/workers/') && path !== '/workers/subdomain' && !bindings) return missing(10007)
    if (path === '/workers/subdomain') return ok({ subdomain: 'acme' })
    if (path === '/workers/services/openim-edge') {
      return ok({ default_environment: { environment: 'production', script: { last_deployed_from: 'wrangler' } } })
    }
    if (path === `${SCRIPT}/secrets`) return ok([{ name: 'OPENIM_SECRET', type: 'secret_text' }])
    if (path === `${SCRIPT}/settings`) return ok({ bindings: [], tags: [] })
    if (path === `${SCRIPT}/deployments`) return ok({ deployments: [] })
    if (path === `${SCRIPT}/schedules`) {
      crons = z
        .array(z.object({ cron: z.string() }))
        .parse(JSON.parse(body))
        .map(({ cron }) => cron)
      return ok({ schedules: [] })
    }
    if (path === `${SCRIPT}/subdomain`) return ok({ enabled: true, previews_enabled: true })
    if (path === '/workers/workers/openim-edge') return ok({ id: 'worker', name: 'openim-edge', subdomain: {} })
    return missing(7003)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: 'token',
      CLOUDFLARE_ACCOUNT_ID: 'acme',
    },
    changes,
    bindings: () => bindings ?? [],
    crons: () => crons,
    forgetMigrations: () => migrations.splice(0),
    close: () => server.close(),
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
