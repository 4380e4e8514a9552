/**
 * Checks that imports in src/ only go down:
 *
 *   worker > objects, http, jobs > features > webhook, notification, push, sync > runtime > contracts > config
 *     > platform > protocol
 *
 * Features have an order of their own, the objects have floors inside, and no files import each other in a circle.
 * Type imports count: a file that names a type of an upper floor depends on that floor.
 *
 * The package in sdk/ runs in other people's programs: of src/, it imports the protocol only.
 */
import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
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
  ['runtime'],
  ['contracts'],
  ['config'],
  ['platform', 'env.ts'],
  ['protocol'],
]

/** Floors inside a room, from the top down: folders or files directly in it. */
const INNER_FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'src/objects/user/': [
    ['user-object.ts'],
    ['socket'],
    ['messages'],
    ['conversations', 'notify'],
    ['user-core.ts'],
    ['state'],
    ['migrations.ts'],
  ],
  'src/objects/conversation/': [
    ['conversation-object.ts'],
    ['recovery.ts'],
    ['append', 'group'],
    ['log'],
    ['members'],
    ['conversation-core.ts'],
    ['delivery'],
    ['state'],
    ['migrations.ts'],
  ],
}

/** Rooms of one floor that never import each other: they share only the floors below. */
const STRANGERS = ['objects', 'http', 'jobs']

/** Each feature may import the features of the rows above its own. */
const FEATURE_ORDER = [
  ['user'],
  ['auth'],
  ['friend'],
  ['group'],
  ['conversation'],
  ['message'],
  ['file', 'push-devices', 'sdk-logs', 'statistics', 'jssdk', 'settings', 'verification', 'webhook'],
]

/** Rooms that may import `cloudflare:*`; the others run, and are tested, without that runtime. */
const NAMES_CLOUDFLARE = ['worker.ts', 'objects', 'http', 'jobs', 'runtime', 'platform']

/** The package's own folder, and the only folder of the server that it shares. */
const PACKAGE = 'sdk/src/'
const SHARED_WITH_PACKAGE = 'src/protocol/'

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '..')
  const paths = globSync('{src,sdk/src}/**/*.{ts,tsx}', { cwd: root }).filter((path) => !path.endsWith('.d.ts'))
  const files = paths.map((path) => ({
    path: path.replaceAll('\\', '/'),
    source: readFileSync(resolve(root, path), 'utf8'),
  }))
  const violations = [...findViolations(files), ...findCircles(files)]
  for (const { path, line, imports, why } of violations) console.error(`${path}:${line} imports ${imports}: ${why}`)
  if (violations.length > 0) process.exitCode = 1
  else console.log(`Floors: ${files.length} files, every import goes down, and none goes in a circle.`)
}

/** Every import that the floors do not allow, in the order of the files. */
export function findViolations(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(({ path, source }) =>
    listImports(source).flatMap(({ specifier, line, typeOnly }) => {
      const why = objectTo(path, specifier, typeOnly)
      return why ? [{ path, line, imports: specifier, why }] : []
    }),
  )
}

/** The import that closes each circle, however long the circle is. */
export function findCircles(files: readonly SourceFile[]): Violation[] {
  const imports = new Map(
    files.map(({ path, source }) => [
      path,
      listImports(source).map(({ specifier, line }) => ({
        specifier,
        line,
        target: posix.join(posix.dirname(path), specifier),
      })),
    ]),
  )
  const done = new Set<string>()
  const trail: string[] = []
  const found: Violation[] = []
  const visit = (path: string) => {
    trail.push(path)
    for (const { specifier, line, target } of imports.get(path) ?? []) {
      // `env.ts` only names the types of the objects, for their bindings.
      if (done.has(target) || path === 'src/env.ts') continue
      const start = trail.indexOf(target)
      if (start < 0) visit(target)
      else
        found.push({ path, line, imports: specifier, why: `a circle: ${[...trail.slice(start), target].join(' > ')}` })
    }
    trail.pop()
    done.add(path)
  }
  for (const { path } of files) if (!done.has(path)) visit(path)
  return found
}

interface Place {
  /** Folder or file directly in src/. */
  room: string
  /** Counted from the top; -1 for a room without a floor. */
  floor: number
  /** The feature that the file belongs to; "" outside features/. */
  area: string
  /** The rest of the path: `store.ts`. */
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

function objectToPackageImport(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('cloudflare:') || specifier.startsWith('node:')) return 'the package also runs in browsers'
  if (!specifier.startsWith('.')) return undefined
  const target = posix.join(posix.dirname(path), specifier)
  if (target.startsWith(PACKAGE) || target.startsWith(SHARED_WITH_PACKAGE)) return undefined
  return `the package imports ${PACKAGE} and ${SHARED_WITH_PACKAGE} only`
}

function objectTo(path: string, specifier: string, typeOnly: boolean): string | undefined {
  if (path.startsWith(PACKAGE)) return objectToPackageImport(path, specifier)
  const from = placeOf(path)
  if (specifier.startsWith('cloudflare:')) {
    return NAMES_CLOUDFLARE.includes(from.room) ? undefined : `only ${NAMES_CLOUDFLARE.join(', ')} name Cloudflare`
  }
  if (!specifier.startsWith('.')) return undefined
  const target = posix.join(posix.dirname(path), specifier)
  if (!target.startsWith('src/')) return 'it lies outside src/'
  const to = placeOf(target)
  for (const { room, floor } of [from, to]) {
    if (floor < 0) return `${room} is on no floor; give it one in scripts/check-floors.ts`
  }
  // It only names the classes of the objects, for the types of their bindings.
  if (from.room === 'env.ts' && typeOnly) return undefined
  if (to.floor < from.floor) return `${to.room} lies above ${from.room}`
  if (to.room !== from.room && STRANGERS.includes(from.room) && STRANGERS.includes(to.room)) {
    return `${STRANGERS.join(', ')} never import each other`
  }
  if (from.area && to.area && from.area !== to.area) return objectToFeature(from, to)
  return objectToInnerFloor(path, target)
}

function objectToInnerFloor(path: string, target: string): string | undefined {
  for (const [room, floors] of Object.entries(INNER_FLOORS)) {
    if (!path.startsWith(room) || !target.startsWith(room)) continue
    const [from = '', to = ''] = [path, target].map((file) => file.slice(room.length).split('/')[0])
    const [own, other] = [from, to].map((name) => floors.findIndex((names) => names.includes(name)))
    if (own === undefined || own < 0) return `${from} is on no floor of ${room}; give it one in scripts/check-floors.ts`
    if (other === undefined || other < 0)
      return `${to} is on no floor of ${room}; give it one in scripts/check-floors.ts`
    if (other < own) return `${to} lies above ${from} in ${room}`
  }
  return undefined
}

function objectToFeature(from: Place, to: Place): string | undefined {
  const isStore = (file: string) => file === 'store.ts' || file.startsWith('store/')
  // SQL joins tables of other features.
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

/** The source with comments and templates emptied, so that only real imports count. Line numbers stay the same. */
function blankOut(source: string): string {
  const token = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g
  return source.replace(token, (text) => (/^['"]/.test(text) ? text : text.replace(/[^\n]/g, ' ')))
}
