/**
 * Checks that imports in src/ only go down, and within features only back:
 *
 *   worker > objects, http, jobs > features > webhook, notification, push, sync > platform > protocol
 *
 * Types count: who names a type of an upper floor knows that floor.
 */
import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  path: string
  source: string
}

export interface Violation {
  path: string
  line: number
  imports: string
  why: string
}

/** From the top down. Folders in one row stand on the same floor. */
const FLOORS = [
  ['worker.ts'],
  ['objects', 'http', 'jobs'],
  ['features'],
  ['webhook', 'notification', 'push', 'sync'],
  ['platform', 'env.ts'],
  ['protocol'],
]

/** Folders of one floor that meet only through what lies below them. */
const STRANGERS = ['objects', 'http', 'jobs']

/** Each area may use the areas of the rows before its own. */
const FEATURE_ORDER = [
  ['user'],
  ['auth'],
  ['friend'],
  ['group'],
  ['conversation'],
  ['message'],
  ['file', 'third', 'statistics', 'jssdk', 'settings', 'verification', 'webhook'],
]

/** Who may name Cloudflare's runtime; all else stays runnable, and testable, anywhere. */
const NAMES_CLOUDFLARE = ['worker.ts', 'objects', 'http', 'jobs', 'platform']

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '..')
  const paths = globSync('src/**/*.{ts,tsx}', { cwd: root }).filter((path) => !path.endsWith('.d.ts'))
  const files = paths.map((path) => ({
    path: path.replaceAll('\\', '/'),
    source: readFileSync(resolve(root, path), 'utf8'),
  }))
  const violations = findViolations(files)
  for (const { path, line, imports, why } of violations) console.error(`${path}:${line} imports ${imports}: ${why}`)
  if (violations.length > 0) process.exitCode = 1
  else console.log(`Floors: ${files.length} files, every import goes down.`)
}

/** Every import that the house does not allow, in the order of the files. */
export function findViolations(files: SourceFile[]): Violation[] {
  return files.flatMap(({ path, source }) =>
    listImports(source).flatMap(({ specifier, line, typeOnly }) => {
      const why = objectTo(placeOf(path), path, specifier, typeOnly)
      return why ? [{ path, line, imports: specifier, why }] : []
    }),
  )
}

interface Place {
  /** Folder or file directly in src/. */
  room: string
  /** Counted from the top; -1 for a room that is on no floor. */
  floor: number
  /** Of a feature. */
  area: string
  /** What is left of the path: `store.ts`. */
  file: string
}

function placeOf(path: string): Place {
  const [, room = '', ...rest] = path.split('/')
  const area = room === 'features' ? (rest[0] ?? '') : ''
  return {
    room,
    floor: FLOORS.findIndex((rooms) => rooms.includes(room)),
    area,
    file: (area ? rest.slice(1) : rest).join('/'),
  }
}

function objectTo(from: Place, path: string, specifier: string, typeOnly: boolean): string | undefined {
  if (specifier.startsWith('cloudflare:')) {
    return NAMES_CLOUDFLARE.includes(from.room) ? undefined : `only ${NAMES_CLOUDFLARE.join(', ')} name Cloudflare`
  }
  if (!specifier.startsWith('.')) return undefined
  const target = posix.join(posix.dirname(path), specifier)
  if (!target.startsWith('src/')) return 'it lies outside src/'
  const to = placeOf(target)
  if (from.room === 'console' || to.room === 'console') return objectToConsole(from, to, typeOnly)
  if (from.floor < 0) return `${from.room} is on no floor; give it one in scripts/check-floors.ts`
  if (to.floor < 0) return `${to.room} is on no floor; give it one in scripts/check-floors.ts`
  // It only names what the objects are, for the types of their bindings.
  if (from.room === 'env.ts' && typeOnly) return undefined
  if (to.floor < from.floor) return `${to.room} lies above ${from.room}`
  if (to.room !== from.room && STRANGERS.includes(from.room) && STRANGERS.includes(to.room)) {
    return `${STRANGERS.join(', ')} never import each other`
  }
  if (from.area && to.area && from.area !== to.area) return objectToFeature(from, to)
  return undefined
}

function objectToFeature(from: Place, to: Place): string | undefined {
  const isStore = (file: string) => file === 'store.ts' || file.startsWith('store/')
  // SQL joins tables wherever they are declared.
  if (isStore(from.file) && to.file === 'tables.ts') return undefined
  const [own, other] = [from, to].map(({ area }) => FEATURE_ORDER.findIndex((areas) => areas.includes(area)))
  if (own === undefined || own < 0)
    return `the feature ${from.area} has no place in the order in scripts/check-floors.ts`
  if (other === undefined || other < 0)
    return `the feature ${to.area} has no place in the order in scripts/check-floors.ts`
  if (other === own) return `neither of ${from.area} and ${to.area} comes first`
  if (other > own) return `${to.area} comes after ${from.area}`
  if (isStore(to.file)) return `a feature leaves another's store alone: use a verb or access.ts of ${to.area}`
  return undefined
}

/** The console is a program of its own that speaks HTTP; it may only know the shapes. */
function objectToConsole(from: Place, to: Place, typeOnly: boolean): string | undefined {
  if (from.room === to.room) return undefined
  if (to.room === 'console') return 'the console is a program of its own'
  return to.file === 'schema.ts' && typeOnly ? undefined : 'the console imports only types from schema.ts'
}

interface Import {
  specifier: string
  line: number
  /** `import type` as a whole: `import { type A }` still loads the module. */
  typeOnly: boolean
}

/** Static and dynamic imports, re-exports and `import('…')` types, without a compiler. */
function listImports(source: string): Import[] {
  const code = blankOut(source)
  const found: (Import & { at: number })[] = []
  const add = (match: RegExpMatchArray, typeOnly: boolean) => {
    const at = match.index ?? 0
    const line = code.slice(0, at + match[0].search(/\S/)).split('\n').length
    found.push({ specifier: match.groups?.specifier ?? '', line, typeOnly, at })
  }
  const statement =
    /^\s*(?:import|export)\b(?<type>\s+type\b)?[^'"`;]*?\bfrom\s*(?<quote>['"])(?<specifier>.+?)\k<quote>/gm
  for (const match of code.matchAll(statement)) add(match, match.groups?.type !== undefined)
  for (const match of code.matchAll(/^\s*import\s*(?<quote>['"])(?<specifier>.+?)\k<quote>/gm)) add(match, false)
  for (const match of code.matchAll(/\bimport\s*\(\s*(?<quote>['"])(?<specifier>.+?)\k<quote>/g)) add(match, false)
  return found.sort((a, b) => a.at - b.at)
}

/** Comments and templates emptied, so that an import which is only talked about does not count; lines keep their numbers. */
function blankOut(source: string): string {
  const token = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return source.replace(token, (text) => (/^['"]/.test(text) ? text : text.replace(/[^\n]/g, ' ')))
}
