import { resolve } from 'node:path'

/** The repository's root: every path below is relative to it, wherever the command was typed. */
export const ROOT = resolve(import.meta.dirname, '../..')

export const HOST = '127.0.0.1'

/** OpenIM's well-known development secret. This is its only place in the tooling; a deployment that has it refuses to serve. */
export const DEVELOPMENT_SECRET = 'openIM123'

/** A refusal whose sentence is all a person needs: it is printed without a stack. */
export class Refusal extends Error {}

export interface LocalSettings {
  /** 0 asks for any free port. */
  port: number
  stateDir: string
  /** What Miniflare and `wrangler dev` both call the persistence root: the layout's version is part of its name. */
  persistDir: string
  /** What the Worker gets besides its bindings. */
  vars: Record<string, string>
  /** True when nobody chose a secret, so that it may be shown. */
  hasDevelopmentSecret: boolean
}

/** Reads PORT, STATE_DIR and the OPENIM_ variables. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): LocalSettings {
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

function readPort(text: string | undefined): number {
  if (!text) return 8787
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535) {
    throw new Refusal(`PORT must be a number from 0 to 65535 (0 picks a free one), not ${JSON.stringify(text)}.`)
  }
  return port
}
