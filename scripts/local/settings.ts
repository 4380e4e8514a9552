import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'

/** The repository's root. Paths in settings are relative to it, whatever the current directory is. */
export const ROOT = resolve(import.meta.dirname, '../..')

export const HOST = '127.0.0.1'

/** OpenIM's published default secret. All scripts take it from here; a deployment with this secret refuses to serve. */
export const DEVELOPMENT_SECRET = 'openIM123'

/** An error whose message explains itself to the user; scripts print it without a stack. */
export class Refusal extends Error {}

export interface LocalSettings {
  /** 0 asks for any free port. */
  port: number
  stateDir: string
  /** The persistence root of Miniflare and `wrangler dev`; its name has the version of the layout. */
  persistDir: string
  /** The Worker's settings. */
  vars: Record<string, string>
  /** Whether the secret is the published default, which may be shown. */
  hasDevelopmentSecret: boolean
}

/** Reads PORT, STATE_DIR and the OPENIM_ variables from the shell and from `.dev.vars`. */
export function readSettings(shell: NodeJS.ProcessEnv = process.env): LocalSettings {
  // Variables of the shell win.
  const env = { ...readDevVars(shell.DEV_VARS ?? '.dev.vars'), ...shell }
  const stateDir = resolve(ROOT, env.STATE_DIR || '.wrangler/state')
  const vars: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('OPENIM_') && value !== undefined) vars[name] = value
  }
  vars.OPENIM_LOCAL ??= '1'
  vars.OPENIM_SECRET ||= DEVELOPMENT_SECRET
  return {
    port: readPort(env.PORT),
    stateDir,
    persistDir: resolve(stateDir, 'v3'),
    vars,
    hasDevelopmentSecret: vars.OPENIM_SECRET === DEVELOPMENT_SECRET,
  }
}

/** The developer's own settings. DEV_VARS names another file; the tests set it to "", which reads none. */
function readDevVars(file: string): NodeJS.Dict<string> {
  const path = resolve(ROOT, file)
  return file !== '' && existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
}

function readPort(text: string | undefined): number {
  if (!text) return 8787
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new Refusal(`PORT must be a number from 0 to 65535 (0 chooses a free port), not ${JSON.stringify(text)}.`)
  }
  return port
}
