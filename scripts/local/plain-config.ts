import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './settings.ts'

/**
 * Writes wrangler.toml without the local defaults of `npx wrangler dev`, for programs that have settings of their own:
 * `npm start`, `npm run deploy` and the tests inside workerd. The copy stands beside wrangler.toml, because paths in it are
 * relative.
 * @returns the path of the copy
 */
export function writePlainConfig(): string {
  const tables = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8').split(/^(?=\[)/m)
  const path = join(ROOT, '.wrangler.plain.toml')
  // Several processes write the same text at once, and none may read half of it.
  writeFileSync(`${path}.${process.pid}`, tables.filter((table) => !/^\[+unsafe\./.test(table)).join(''))
  renameSync(`${path}.${process.pid}`, path)
  return path
}
