import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DEVELOPMENT_SECRET, Refusal, ROOT } from './settings.ts'

export const WRANGLER_CONFIG = join(ROOT, 'wrangler.toml')

/** wrangler's program, run with this Node: the shell's `wrangler` may be found by a different one. */
const WRANGLER_PROGRAM = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')

/** How wrangler is to behave when a program and not a person calls it; what the environment already says wins. */
const MANNERS = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: 'true',
}

/** The same for a server that must start without the internet. */
const LOCAL_MANNERS = {
  ...MANNERS,
  WRANGLER_LOG: 'warn',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  // Recording a trace of every request slows the server down and grows the state folder.
  X_LOCAL_OBSERVABILITY: 'false',
  // wrangler complains when a required secret is not to be found here; what the Worker gets is decided in settings.ts.
  OPENIM_SECRET: DEVELOPMENT_SECRET,
}

/** Runs wrangler quietly to its end. When it fails, what it said becomes the explanation. */
export async function runWrangler(args: string[], failure: string): Promise<string> {
  const { code, output } = await finish(args, 'pipe')
  if (code !== 0) throw new Refusal(`${failure}:\n\n${output.trim()}`)
  return output
}

/** What wrangler said, or undefined when it failed: for questions whose answer may be no. */
export async function tryWrangler(args: string[]): Promise<string | undefined> {
  const { code, output } = await finish(args, 'pipe')
  return code === 0 ? output : undefined
}

/** Runs wrangler before the person's eyes, who may have to answer it. */
export async function showWrangler(args: string[], failure: string): Promise<void> {
  const { code } = await finish(args, 'inherit')
  if (code !== 0) throw new Refusal(`${failure}; the reason is above.`)
}

async function finish(args: string[], stdio: 'pipe' | 'inherit'): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [WRANGLER_PROGRAM, ...args], {
    cwd: ROOT,
    env: { ...MANNERS, ...process.env },
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

/** Loads wrangler into this process. It reads its environment as it loads, hence not an `import` at the top of a file. */
export async function importWrangler(): Promise<typeof import('wrangler')> {
  for (const [name, value] of Object.entries(LOCAL_MANNERS)) process.env[name] ??= value
  return import('wrangler')
}
