import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOCAL_ENTRY, LOCAL_OBJECTS } from './bundle.ts'
import { ROOT } from './settings.ts'
import { WRANGLER_CONFIG } from './wrangler.ts'

const DIR = join(ROOT, 'dist/start')

/**
 * Writes the configuration of `npm start`: wrangler.toml with the local entry and its objects, and without the local
 * defaults of `wrangler dev`, which settings.ts replaces.
 * @returns the file's path
 */
export function writeLocalConfig(): string {
  const tables = readFileSync(WRANGLER_CONFIG, 'utf8').split(/^(?=\[)/m)
  const kept = tables.filter((table) => !/^\[+unsafe\./.test(table)).join('')
  const objects = Object.entries(LOCAL_OBJECTS).map(
    ([binding, className]) => `
[[durable_objects.bindings]]
name = "${binding}"
class_name = "${className}"

[exports.${className}]
type = "durable-object"
storage = "sqlite"
`,
  )
  mkdirSync(DIR, { recursive: true })
  const path = join(DIR, 'wrangler.toml')
  writeFileSync(path, kept.replace(/^main = .*$/m, () => `main = ${JSON.stringify(LOCAL_ENTRY)}`) + objects.join(''))
  return path
}
