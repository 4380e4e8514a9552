import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { DEVELOPMENT_SECRET, Refusal, ROOT } from './settings.ts'

export const WRANGLER_CONFIG = join(ROOT, 'wrangler.toml')

/** wrangler's program, run with this Node: the shell's `wrangler` may be found by a different one. */
export const WRANGLER_PROGRAM = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')

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
  const child = spawn(process.execPath, [WRANGLER_PROGRAM, ...args], {
    cwd: ROOT,
    env: { ...MANNERS, ...process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new Refusal(`${failure}:\n\n${output.trim()}`)
  return output
}

/** Loads wrangler into this process. It reads its environment as it loads, hence not an `import` at the top of a file. */
export async function importWrangler(): Promise<typeof import('wrangler')> {
  for (const [name, value] of Object.entries(LOCAL_MANNERS)) process.env[name] ??= value
  return import('wrangler')
}
