/**
 * Checks the part of the English rule that a program can see: CONTRIBUTING.md, "How we write". It reads comments, test
 * titles, log messages, error sentences, descriptions in the API's documentation, and the Markdown pages.
 */
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ALLOWED } from './prose/allowed.ts'
import { proseInCode, proseInMarkdown, type Text } from './prose/extract.ts'
import { objectionsTo } from './prose/rules.ts'

export interface Finding {
  path: string
  line: number
  text: string
  why: string
}

const CODE = '{src,test,scripts,bench,sdk,web}/**/*.{ts,tsx}'
const PAGES = ['*.md', '.github/**/*.md', 'docs/**/*.md']
const GENERATED = /proto\/generated\/|\.gen\.|\/node_modules\/|\/dist\//
const OTHER_LANGUAGE = /\.zh-CN\.md$/

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = resolve(import.meta.dirname, '..')
  const paths = [...globSync(CODE, { cwd: root }), ...PAGES.flatMap((page) => globSync(page, { cwd: root }))]
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !GENERATED.test(path) && !OTHER_LANGUAGE.test(path))
    .filter((path) => process.argv.length < 3 || process.argv.slice(2).some((start) => path.startsWith(start)))
  const findings = paths.flatMap((path) => findUnplain(path, readFileSync(resolve(root, path), 'utf8')))
  for (const { path, line, text, why } of findings) console.error(`${path}:${line} ${why}: ${text}`)
  if (findings.length > 0) process.exitCode = 1
  console.log(`Prose: ${paths.length} files, ${findings.length} findings.`)
}

/** Every text of a file that breaks the rule, in the order of its lines. */
export function findUnplain(path: string, source: string): Finding[] {
  const texts = path.endsWith('.md') ? proseInMarkdown(source) : proseInCode(source)
  return texts.flatMap((text) =>
    objectionsTo(text)
      .filter((objection) => !isAllowed(path, objection.text))
      .map((objection) => ({ path, line: text.line, ...objection })),
  )
}

function isAllowed(path: string, text: string): boolean {
  return ALLOWED.some((entry) => path.startsWith(entry.path) && text.includes(entry.text))
}

export type { Text }
