import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

/** Every Markdown page of the repository, relative to its root. */
export const PAGES: readonly string[] = ['*.md', 'docs/**/*.md', '.github/**/*.md'].flatMap((pattern) =>
  globSync(pattern, { cwd: ROOT }).map((path) => path.replaceAll('\\', '/')),
)

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path))
}

export interface Link {
  /** Relative to the root; "" inside the page itself. */
  path: string
  /** Without the #. */
  anchor: string
}

/** Links of a page to files of the repository, pictures included. */
export function linksIn(page: string): Link[] {
  const found = withoutBlocks(read(page)).matchAll(/\]\((?<target>[^)\s]+)\)/g)
  return [...found].flatMap(({ groups }) => {
    const target = groups?.target ?? ''
    if (/^[a-z]+:/.test(target)) return []
    const [path = '', anchor = ''] = target.split('#')
    return { path: path === '' ? '' : relative(ROOT, resolve(ROOT, dirname(page), path)), anchor }
  })
}

/** Paths of files and folders that a page names in code spans. */
export function namedPaths(page: string): string[] {
  const spans = withoutBlocks(read(page)).matchAll(/`(?<text>[^`\n]+)`/g)
  return [...spans]
    .map(({ groups }) => groups?.text ?? '')
    .filter((text) => /^(?:src|test|scripts|bench|docs|migrations)\/[\w./-]*$/.test(text))
}

/** The headings of a page with their level, in order. */
export function headingsIn(page: string): { level: number; text: string }[] {
  return [...withoutBlocks(read(page)).matchAll(/^(?<marks>#+) (?<text>.+)$/gm)].map(({ groups }) => ({
    level: groups?.marks?.length ?? 0,
    text: groups?.text ?? '',
  }))
}

/** Code blocks of a page, with their language. */
export function blocksIn(page: string): string[] {
  return [...read(page).matchAll(/^ *```[\s\S]*?^ *```$/gm)].map(([block]) => block)
}

export interface Sample {
  language: string
  /** Without the indentation of the list that the block belongs to. */
  text: string
}

/** The same blocks, without their marks. */
export function samplesIn(page: string): Sample[] {
  return blocksIn(page).map((block) => {
    const [, indentation = '', language = ''] = /^( *)```(\w*)/.exec(block) ?? []
    const lines = block.split('\n').slice(1, -1)
    return { language, text: lines.map((line) => line.slice(indentation.length)).join('\n') }
  })
}

/** The anchor that repository hosts give to a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function withoutBlocks(source: string): string {
  return source.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
}
