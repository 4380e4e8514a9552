import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

/** The repository: where the scripts are started. */
const ROOT = join(import.meta.dirname, '../../..')

/** Two cores share a browser, workerd and vitest, so a start may take long before it counts as failed. */
const READY_TIMEOUT_MS = 180_000
const STOP_TIMEOUT_MS = 60_000
const GRACE_MS = 20_000
const POLL_MS = 100

export interface ServerOptions {
  /** `serve` is workerd alone; `start` is the program of `npm start`. */
  mode?: 'serve' | 'start'
  /** Absent: a temporary folder, which is removed with the server. A given folder is kept. */
  stateDir?: string
  /** Settings in addition to the defaults; undefined removes a variable. */
  env?: Record<string, string | undefined>
  port?: number
}

/** The content of STATE_DIR/server.json while the program runs. */
const ServerFile = z.object({ pid: z.number().int(), workerdPid: z.number().int().optional() })

/** Starts the product on a free port with its own state, as a user of the two commands would, and waits until it serves. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'openim-edge-e2e-')))
  const port = options.port ?? (await freePort())
  const server = new Server({ ...options, stateDir, port }, options.stateDir === undefined)
  try {
    await server.start()
  } catch (error) {
    await server.remove()
    throw error
  }
  return server
}

export class Server {
  readonly port: number
  readonly stateDir: string
  readonly #options: ServerOptions & { stateDir: string; port: number }
  readonly #ownsStateDir: boolean
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()
  #output = ''

  constructor(options: ServerOptions & { stateDir: string; port: number }, ownsStateDir: boolean) {
    this.#options = options
    this.#ownsStateDir = ownsStateDir
    this.port = options.port
    this.stateDir = options.stateDir
  }

  /** REST base, as given to an SDK in `apiAddr`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Gateway address, as given to an SDK in `wsAddr`. */
  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** The output of the program since its first start. */
  get logs(): string {
    return this.#output
  }

  /** Starts the program and returns once it answers. */
  async start(): Promise<void> {
    if (this.#child) throw new Error('the server is already running')
    const script = `scripts/${this.#options.mode ?? 'serve'}.ts`
    const child = spawn(process.execPath, [script], { cwd: ROOT, env: this.#env(), stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const guard = startGuard(child)
    const from = this.#output.length
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        if (process.env.RIG_VERBOSE) process.stderr.write(text)
      })
    }
    // 'close' and not 'exit', because then the whole output of a failing start has been read.
    this.#exited = new Promise((resolve) => child.once('close', () => resolve()))
    this.#exited.then(() => guard?.kill())
    await this.#untilReady(child, from)
  }

  /** Sends SIGTERM, as `docker stop` does. Fails when the program does not end or leaves a process behind. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child?.pid) return
    const tree = await this.#processTree(child)
    child.kill('SIGTERM')
    const inTime = await within(STOP_TIMEOUT_MS, this.#exited)
    this.#child = null
    const left = await this.#untilGone(tree)
    for (const pid of left.keys()) kill(pid, 'SIGKILL')
    if (!inTime) throw new Error(`the server did not end ${STOP_TIMEOUT_MS} ms after SIGTERM\n${this.logs}`)
    if (left.size > 0) throw new Error(`the server left behind: ${[...left.values()].join(' | ')}\n${this.logs}`)
    if (child.exitCode !== 0) throw new Error(`the server ended with ${exitOf(child)} on SIGTERM\n${this.logs}`)
  }

  /** Kills node and workerd like a power cut: nothing is flushed or closed. */
  async kill9(): Promise<void> {
    const child = this.#child
    if (!child?.pid) throw new Error('the server is not running')
    const tree = await this.#processTree(child)
    for (const pid of tree.keys()) kill(pid, 'SIGKILL')
    await this.#exited
    this.#child = null
    const left = await this.#untilGone(tree)
    if (left.size > 0) throw new Error(`outlived SIGKILL: ${[...left.values()].join(' | ')}`)
  }

  /** Restarts on the same state and port; the server may be running, stopped or killed. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Stops the server and removes its state folder, unless the caller gave that folder. */
  async remove(): Promise<void> {
    try {
      await this.stop()
    } finally {
      if (this.#ownsStateDir) await rm(this.stateDir, { recursive: true, force: true })
    }
  }

  #env(): NodeJS.ProcessEnv {
    // Settings of the developer's shell must not change the tests.
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(OPENIM_|VITEST|NODE_OPTIONS$|NODE_ENV$|TEST$)/.test(name),
    )
    const env: NodeJS.ProcessEnv = {
      ...Object.fromEntries(inherited),
      PORT: String(this.port),
      STATE_DIR: this.stateDir,
      DEV_VARS: '',
      ...this.#options.env,
    }
    return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
  }

  async #untilReady(child: ChildProcess, from: number): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS
    while (Date.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null) {
        await this.#exited
        this.#child = null
        throw new Error(`the server ended with ${exitOf(child)} while starting\n${this.#output.slice(from)}`)
      }
      if (/^ready http/m.test(this.#output.slice(from)) || (await isHealthy(this.url))) return
      await sleep(POLL_MS)
    }
    await this.kill9()
    throw new Error(`the server was not ready after ${READY_TIMEOUT_MS} ms\n${this.#output.slice(from)}`)
  }

  /** The processes that still run after GRACE_MS; a child may notice the end of its parent late. */
  async #untilGone(tree: Map<number, string>): Promise<Map<number, string>> {
    const deadline = Date.now() + GRACE_MS
    for (;;) {
      const left = await survivors(tree)
      if (left.size === 0 || Date.now() > deadline) return left
      await sleep(POLL_MS)
    }
  }

  /** The child, its descendants and the processes in server.json; pid → command line. */
  async #processTree(child: ChildProcess): Promise<Map<number, string>> {
    const processes = await processTable()
    const pids = new Set(child.pid ? [child.pid] : [])
    const published = await serverFile(this.stateDir)
    for (const pid of [published?.pid, published?.workerdPid]) if (pid !== undefined) pids.add(pid)
    for (let grown = true; grown; ) {
      grown = false
      for (const [pid, { parent }] of processes) {
        if (!pids.has(parent) || pids.has(pid)) continue
        pids.add(pid)
        grown = true
      }
    }
    return new Map([...pids].flatMap((pid) => (processes.has(pid) ? [[pid, processes.get(pid)?.command ?? '']] : [])))
  }
}

/**
 * Starts a shell that stops the server when the shell's input ends. The input ends however this test process dies, so an
 * interrupted or killed run leaves no server behind.
 */
function startGuard(child: ChildProcess): ChildProcess | null {
  if (process.platform === 'win32' || child.pid === undefined) return null
  const script = `read -r _; kill -TERM ${child.pid}`
  const guard = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.on('error', () => {})
  guard.unref()
  return guard
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) })).status === 200
  } catch {
    return false
  }
}

/** Null until the program is ready, and for an instant while the file is being written. */
async function serverFile(stateDir: string): Promise<z.output<typeof ServerFile> | null> {
  const text = await readFile(join(stateDir, 'server.json'), 'utf8').catch(() => '')
  try {
    return ServerFile.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** A free port. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await promisify(probe.close.bind(probe))()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

async function processTable(): Promise<Map<number, { parent: number; command: string }>> {
  const table = new Map<number, { parent: number; command: string }>()
  const pids = await readdir('/proc').catch(() => null)
  if (pids) {
    for (const pid of pids.filter((name) => /^\d+$/.test(name))) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
      // pid (name) state ppid …; the name may contain spaces and parentheses. Z and X are dead processes.
      const fields = stat
        ?.slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(0, 2)
      if (!fields || fields[0] === 'Z' || fields[0] === 'X') continue
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      table.set(Number(pid), { parent: Number(fields[1]), command: command.replaceAll('\0', ' ').slice(0, 200) })
    }
    return table
  }
  // macOS has no /proc.
  const listing = await outputOf('ps', ['-A', '-o', 'pid=,ppid=,command='])
  for (const line of listing.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
    if (match) table.set(Number(match[1]), { parent: Number(match[2]), command: match[3] ?? '' })
  }
  return table
}

async function survivors(tree: Map<number, string>): Promise<Map<number, string>> {
  const processes = await processTable()
  return new Map([...tree].filter(([pid, command]) => processes.get(pid)?.command === command))
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // The process has ended.
  }
}

function exitOf(child: ChildProcess): string {
  return child.signalCode ? `signal ${child.signalCode}` : `exit code ${child.exitCode}`
}

function outputOf(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.once('error', reject).once('close', () => resolve(output))
  })
}

/** Reports whether the promise settled in time. */
async function within(timeoutMs: number, promise: Promise<void>): Promise<boolean> {
  const late = new AbortController()
  const timer = sleep(timeoutMs, late.signal).then(() => false)
  const inTime = await Promise.race([promise.then(() => true), timer])
  late.abort()
  return inTime
}

export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
