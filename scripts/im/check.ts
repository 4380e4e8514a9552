import { Refusal } from '../local/settings.ts'
import { importWrangler, WRANGLER_CONFIG } from '../local/wrangler.ts'
import { Cloudflare, type Queue } from './cloudflare.ts'
import { type Command, SERVICE_OPTIONS } from './command.ts'
import { Service } from './service.ts'

/** Tokens are dated by the service's clock and read by others: this much is still harmless. */
const MAX_CLOCK_SKEW_MS = 60_000

/** OpenIM's number of the platform on which administrators' tokens are. */
const ADMIN_PLATFORM = 10

/** What was looked at, and what is wrong with it; null when nothing is. */
interface Finding {
  what: string
  wrong: string | null
}

export const check: Command = {
  name: 'check',
  summary: `Checks a running service: its settings, its parts, its clock, its secret and the way in for devices. With
CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN also that the deployment has the bindings and queues of wrangler.toml.`,
  options: SERVICE_OPTIONS,
  async run(values) {
    const service = new Service(values)
    const findings = [...(await checkService(service)), ...(Cloudflare.isKnown() ? await checkDeployment() : [])]
    for (const { what, wrong } of findings) console.log(wrong === null ? `ok    ${what}` : `WRONG ${what}: ${wrong}`)
    const wrong = findings.filter((finding) => finding.wrong !== null).length
    if (wrong > 0) throw new Refusal(`${wrong} of ${findings.length} checks found something wrong.`)
    console.log(`${service.url} is in order.`)
  },
}

async function checkService(service: Service): Promise<Finding[]> {
  const { body } = await service.get('/readyz')
  const { errDlt, parts } = (body ?? {}) as { errDlt?: string; parts?: Record<string, string> }
  if (!parts) return [{ what: 'settings', wrong: errDlt ?? 'there is no answer of this service at that address' }]
  return [
    { what: 'settings', wrong: null },
    ...Object.entries(parts).map(([part, state]) => ({ what: part, wrong: state === 'ok' ? null : state })),
    await finding('secret and administrator', () => service.token()),
    await finding('clock', () => checkClock(service)),
    await finding('way in for devices', () => checkGateway(service)),
  ]
}

async function finding(what: string, look: () => Promise<unknown>): Promise<Finding> {
  try {
    await look()
    return { what, wrong: null }
  } catch (error) {
    if (error instanceof Refusal) return { what, wrong: error.message }
    throw error
  }
}

async function checkClock(service: Service): Promise<void> {
  const { serverTime } = await service.call<{ serverTime: number }>('/msg/get_server_time', {})
  const skewMs = Math.abs(serverTime - Date.now())
  if (skewMs > MAX_CLOCK_SKEW_MS) throw new Refusal(`it and this machine's are ${Math.round(skewMs / 1000)} s apart`)
}

/** Connects as the administrator, the way a device does, and hangs up. */
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
      reject(new Refusal('a WebSocket cannot be opened; does a proxy in between let it through?'))
    }
  })
  if (greeting.errCode !== 0) throw new Refusal(`it refuses with ${greeting.errCode}: ${greeting.errDlt}`)
}

/** What wrangler.toml says of a deployment, as far as it is compared. */
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

/** Compares what wrangler.toml says with what Cloudflare has. */
async function checkDeployment(): Promise<Finding[]> {
  const { unstable_readConfig: readConfig } = await importWrangler()
  const config: Configured = readConfig({ config: WRANGLER_CONFIG })
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
      what: `binding ${name}`,
      wrong: bindings.some((binding) => binding.name === name) ? null : 'the deployment does not have it',
    })),
    ...(config.queues.consumers ?? []).map(({ queue, dead_letter_queue }) => ({
      what: `queue ${queue}`,
      wrong: wrongWithQueue(queues, queue, dead_letter_queue),
    })),
  ]
}

function wrongWithQueue(queues: readonly Queue[], name: string, deadLetters: string | undefined): string | null {
  const queue = queues.find(({ queue_name }) => queue_name === name)
  if (!queue) return 'it does not exist'
  if (!queue.consumers?.length) return 'nobody empties it'
  if (deadLetters === undefined || queues.some(({ queue_name }) => queue_name === deadLetters)) return null
  return `its dead-letter queue ${deadLetters} does not exist`
}
