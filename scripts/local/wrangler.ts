import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DEVELOPMENT_SECRET, Refusal, ROOT } from './settings.ts'

export const WRANGLER_CONFIG = join(ROOT, 'wrangler.toml')

/** wrangler's program, run with this process's Node; the shell's `wrangler` might run with another version of Node. */
const WRANGLER_PROGRAM = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')

/** wrangler's settings for calls by a program. Variables of the environment take precedence. */
const WRANGLER_ENV = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
}

/** wrangler's settings for a local server, which must start without the internet. */
const LOCAL_WRANGLER_ENV = {
  ...WRANGLER_ENV,
  WRANGLER_LOG: 'warn',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  // Recording a trace of every request slows the server down and grows the state folder.
  X_LOCAL_OBSERVABILITY: 'false',
  // wrangler warns when a required secret is missing here. The Worker's own value comes from settings.ts.
  OPENIM_SECRET: DEVELOPMENT_SECRET,
}

/**
 * Runs wrangler without showing its output, and returns the output.
 * @throws Refusal with the output when wrangler fails
 */
export async function runWrangler(args: string[], failure: string): Promise<string> {
  const { code, output } = await finish(args, 'pipe')
  if (code !== 0) throw new Refusal(`${failure}:\n\n${output.trim()}`)
  return output
}

/** Returns wrangler's output, or undefined when it failed. For queries that may fail. */
export async function tryWrangler(args: string[]): Promise<string | undefined> {
  const { code, output } = await finish(args, 'pipe')
  return code === 0 ? output : undefined
}

/** Runs wrangler in the terminal, because it may ask the user a question. */
export async function showWrangler(args: string[], failure: string): Promise<void> {
  const { code } = await finish(args, 'inherit')
  if (code !== 0) throw new Refusal(`${failure}; the reason is above.`)
}

async function finish(args: string[], stdio: 'pipe' | 'inherit'): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [WRANGLER_PROGRAM, ...args], {
    cwd: ROOT,
    env: { ...WRANGLER_ENV, ...process.env },
    stdio: stdio === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

/** Loads wrangler into this process. wrangler reads the environment while it loads, so a top-level import is too early. */
export async function importWrangler(): Promise<typeof import('wrangler')> {
  for (const [name, value] of Object.entries(LOCAL_WRANGLER_ENV)) process.env[name] ??= value
  return import('wrangler')
}
