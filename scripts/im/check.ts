import { Refusal } from '../local/settings.ts'
import { importWrangler, WRANGLER_CONFIG } from '../local/wrangler.ts'
import { Cloudflare, type Queue } from './cloudflare.ts'
import { type Command, SERVICE_OPTIONS } from './command.ts'
import { Service } from './service.ts'

/** Tokens carry times of the service's clock, and other machines check them: this difference is still harmless. */
const MAX_CLOCK_SKEW_MS = 60_000

/** OpenIM: the platform ID of administrators' tokens. */
const ADMIN_PLATFORM = 10

/** The result of one check. */
interface Finding {
  subject: string
  /** Null when the subject is in order. */
  problem: string | null
}

export const check: Command = {
  name: 'check',
  summary: `Checks a running service: its settings, parts, clock, secret and WebSocket connections. If CLOUDFLARE_ACCOUNT_ID and
CLOUDFLARE_API_TOKEN are set, it also checks that the deployment has the bindings and queues of wrangler.toml.`,
  options: SERVICE_OPTIONS,
  async run(values) {
    const service = new Service(values)
    const findings = [...(await checkService(service)), ...(Cloudflare.isConfigured() ? await checkDeployment() : [])]
    for (const { subject, problem } of findings) {
      console.log(problem === null ? `ok    ${subject}` : `WRONG ${subject}: ${problem}`)
    }
    const problems = findings.filter(({ problem }) => problem !== null).length
    if (problems > 0) throw new Refusal(`${problems} of ${findings.length} checks found a problem.`)
    console.log(`${service.url} is in order.`)
  },
}

async function checkService(service: Service): Promise<Finding[]> {
  const { body } = await service.get('/readyz')
  const { errDlt, parts } = (body ?? {}) as { errDlt?: string; parts?: Record<string, string> }
  if (!parts) return [{ subject: 'settings', problem: errDlt ?? 'no answer of this service came from that address' }]
  return [
    { subject: 'settings', problem: null },
    ...Object.entries(parts).map(([part, state]) => ({ subject: part, problem: state === 'ok' ? null : state })),
    await finding('secret and administrator', () => service.token()),
    await finding('clock', () => checkClock(service)),
    await finding('device connections', () => checkGateway(service)),
  ]
}

async function finding(subject: string, check: () => Promise<unknown>): Promise<Finding> {
  try {
    await check()
    return { subject, problem: null }
  } catch (error) {
    if (error instanceof Refusal) return { subject, problem: error.message }
    throw error
  }
}

async function checkClock(service: Service): Promise<void> {
  const { serverTime } = await service.call<{ serverTime: number }>('/msg/get_server_time', {})
  const skewMs = Math.abs(serverTime - Date.now())
  if (skewMs > MAX_CLOCK_SKEW_MS) {
    throw new Refusal(`it differs from this machine's clock by ${Math.round(skewMs / 1000)} s`)
  }
}

/** Connects as the administrator like a device, and closes the connection. */
async function checkGateway(service: Service): Promise<void> {
  const query = new URLSearchParams({
    ...{ sendID: service.admin, token: await service.token(), platformID: String(ADMIN_PLATFORM) },
    ...{ operationID: 'im-check', isMsgResp: 'true', isBackground: 'false', sdkType: 'js' },
  })
  const greeting = await new Promise<{ errCode: number; errDlt: string }>((resolve, reject) => {
    const socket = new WebSocket(`${service.url.replace(/^http/, 'ws')}/ws?${query}`)
    socket.onmessage = ({ data }) => {
      socket.close()
      resolve(JSON.parse(String(data)))
    }
    socket.onerror = () => {
      reject(new Refusal('a WebSocket cannot be opened; check that every proxy in between allows WebSockets'))
    }
  })
  if (greeting.errCode !== 0) throw new Refusal(`the service refuses with ${greeting.errCode}: ${greeting.errDlt}`)
}

/** The part of wrangler.toml that is compared with a deployment. */
interface Configured {
  name?: string | undefined
  durable_objects: { bindings: { name: string }[] }
  d1_databases: { binding: string }[]
  r2_buckets: { binding: string }[]
  images?: { binding: string } | undefined
  ratelimits: { name: string }[]
  queues: {
    producers?: { binding: string }[] | undefined
    consumers?: { queue: string; dead_letter_queue?: string | undefined }[] | undefined
  }
}

/** Compares the bindings and queues of wrangler.toml with the deployment. */
async function checkDeployment(): Promise<Finding[]> {
  const { unstable_readConfig: readConfig } = await importWrangler()
  const config: Configured = readConfig({ config: WRANGLER_CONFIG }, { hideWarnings: true })
  const cloudflare = Cloudflare.of()
  const path = `/workers/scripts/${config.name}/settings`
  const { bindings } = await cloudflare.call<{ bindings: { name: string }[] }>('GET', path)
  const queues = await cloudflare.queues()
  const names = [
    ...config.durable_objects.bindings.map(({ name }) => name),
    ...[...config.d1_databases, ...config.r2_buckets, ...(config.queues.producers ?? [])].map(({ binding }) => binding),
    ...(config.images ? [config.images.binding] : []),
    ...config.ratelimits.map(({ name }) => name),
    'OPENIM_SECRET',
  ]
  return [
    ...names.map((name) => ({
      subject: `binding ${name}`,
      problem: bindings.some((binding) => binding.name === name) ? null : 'the deployment does not have it',
    })),
    ...(config.queues.consumers ?? []).map(({ queue, dead_letter_queue }) => ({
      subject: `queue ${queue}`,
      problem: problemWithQueue(queues, queue, dead_letter_queue),
    })),
  ]
}

function problemWithQueue(queues: readonly Queue[], name: string, deadLetters: string | undefined): string | null {
  const queue = queues.find(({ queue_name }) => queue_name === name)
  if (!queue) return 'it does not exist'
  if (!queue.consumers?.length) return 'it has no consumer'
  if (deadLetters === undefined || queues.some(({ queue_name }) => queue_name === deadLetters)) return null
  return `its dead-letter queue ${deadLetters} does not exist`
}
