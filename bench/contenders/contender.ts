import { createHmac } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { getBundle } from '../../scripts/local/bundle.ts'
import { type Rest, rest } from '../../test/e2e/rig/rest.ts'
import { type Server, startServer } from '../../test/e2e/rig/server.ts'
import { floorWire } from '../wires/floor-wire.ts'
import { type Dialect, PLATFORM_ID, productWire, userIDOf } from '../wires/product-wire.ts'
import type { Target, Wire } from '../wires/wire.ts'
import { bundleAs } from './bundles.ts'
import { groupsOnFile } from './groups.ts'

/** A server in workerd, and the protocol with which the bench drives it. */
export interface Contender {
  readonly name: string
  readonly server: Server
  readonly wire: Wire
  /** Makes sure that these users and their target groups exist. */
  prepare(users: readonly number[], targets: readonly Target[]): Promise<void>
  /** The ID of the runtime's process, which changes after a crash. */
  workerdPid(): number | undefined
}

/** A contender that speaks OpenIM's protocol. */
export interface Speaker {
  readonly dialect: Dialect
  readonly wire: Wire
  userID(user: number): string
  /** The token of a prepared user; "" for other users. */
  tokenOf(user: number): string
}

/** The product as a contender, with its REST calls. */
export interface Product extends Contender, Speaker {
  readonly rest: Rest
}

const ENVELOPE_NAMES: Readonly<Record<Dialect, string>> = { json: 'JSON', gob: 'gob + gzip' }

/** The memory file system of Linux; on other systems the state stays on disk. */
const MEMORY = '/dev/shm'

const REGISTERED_AT_ONCE = 500
const TOKENS_AT_ONCE = 32

/**
 * Where servers keep their state: on disk, as a local installation does, or in memory, for measurements that would
 * otherwise mostly measure how fast the local file system opens files.
 */
export type Place = 'disk' | 'memory'

export async function startFloor(name: 'naive' | 'batched', place: Place = 'disk'): Promise<Contender> {
  const server = await start(await bundleAs(name, `bench/floor/${name}.ts`), place)
  return {
    name: `${name} floor`,
    server,
    wire: floorWire(server.wsUrl),
    prepare: async () => {},
    workerdPid: () => workerdPidOf(server.stateDir),
  }
}

/** One server of the floor that speaks OpenIM's protocol, as one contender per envelope. */
export async function startProtocolFloor(place: Place = 'disk'): Promise<Record<Dialect, Contender & Speaker>> {
  const server = await start(await bundleAs('protocol', 'bench/floor/protocol.ts'), place)
  const reachedIn = (dialect: Dialect, tokens = new Map<number, string>()): Contender & Speaker => ({
    name: `protocol floor, ${ENVELOPE_NAMES[dialect]}`,
    server,
    dialect,
    userID: (user) => userIDOf(dialect, user),
    tokenOf: (user) => tokens.get(user) ?? '',
    wire: productWire(server.wsUrl, dialect, tokens),
    prepare: async (users) => {
      for (const user of users) tokens.set(user, signedToken(userIDOf(dialect, user)))
    },
    workerdPid: () => workerdPidOf(server.stateDir),
  })
  return { json: reachedIn('json'), gob: reachedIn('gob') }
}

/** A token in OpenIM's format, signed with the secret of bench/floor/protocol.ts. */
function signedToken(userID: string): string {
  const now = Math.floor(Date.now() / 1000)
  const parts = [
    { alg: 'HS256', typ: 'JWT' },
    { UserID: userID, PlatformID: PLATFORM_ID, exp: now + 86_400, iat: now },
  ]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${createHmac('sha256', 'the protocol floor').update(signed).digest('base64url')}`
}

interface ProductOptions {
  /** The folder of a bundle of other sources. */
  bundle?: string | undefined
  name?: string
  place?: Place
}

/** One server of the product, as one contender per envelope. */
export async function startProduct({
  bundle,
  name = 'product',
  place = 'disk',
}: ProductOptions = {}): Promise<Record<Dialect, Product>> {
  const server = await start(bundle ?? (await getBundle()).dir, place, groupsOnFile)
  const backend = rest(server)
  const reachedIn = (dialect: Dialect, tokens = new Map<number, string>()): Product => ({
    name: `${name}, ${ENVELOPE_NAMES[dialect]}`,
    server,
    dialect,
    rest: backend,
    userID: (user) => userIDOf(dialect, user),
    tokenOf: (user) => tokens.get(user) ?? '',
    wire: productWire(server.wsUrl, dialect, tokens),
    prepare: (users) => {
      const newUsers = users.filter((user) => !tokens.has(user))
      return registerUsers(backend, dialect, tokens, newUsers)
    },
    workerdPid: () => workerdPidOf(server.stateDir),
  })
  return { json: reachedIn('json'), gob: reachedIn('gob') }
}

/** @param seed writes data into the fresh state before the server starts */
async function start(
  bundle: string,
  place: Place,
  seed?: (persistDir: string, freshPersistDir: string) => void,
): Promise<Server> {
  const stateDir = mkdtempSync(join(place === 'memory' && existsSync(MEMORY) ? MEMORY : tmpdir(), 'openim-edge-bench-'))
  process.once('exit', () => rmSync(stateDir, { recursive: true, force: true }))
  seed?.(join(stateDir, 'v3'), join(bundle, 'fresh'))
  return startServer({ stateDir, env: { SERVE_BUNDLE: bundle, OPENIM_LOG_LEVEL: 'warn' } })
}

/** Registers users and gets a token for each, as an app server would. */
async function registerUsers(
  backend: Rest,
  dialect: Dialect,
  tokens: Map<number, string>,
  users: readonly number[],
): Promise<void> {
  for (let at = 0; at < users.length; at += REGISTERED_AT_ONCE) {
    await backend.register(...users.slice(at, at + REGISTERED_AT_ONCE).map((user) => userIDOf(dialect, user)))
  }
  const left = users.values()
  const worker = async () => {
    for (const user of left) tokens.set(user, await backend.userToken(userIDOf(dialect, user), PLATFORM_ID))
  }
  await Promise.all(Array.from({ length: TOKENS_AT_ONCE }, worker))
}

const ServerFile = z.object({ workerdPid: z.number().int().optional() })

function workerdPidOf(stateDir: string): number | undefined {
  return ServerFile.parse(JSON.parse(readFileSync(join(stateDir, 'server.json'), 'utf8'))).workerdPid
}
