import { describe, expect, it } from 'vitest'
import { anchorOf, exists, headingsIn, linksIn, namedPaths, PAGES } from './pages.ts'

/** Files that the recipes have the reader create. */
const CREATED_BY_RECIPES = [
  'src/features/user/set-status-text.ts',
  'src/features/user/store/status-texts.ts',
  'src/objects/user/state/conversation-colours.ts',
  'src/push/providers/bark.ts',
]

/** Folders that git ignores: programs write there. */
const IGNORED_BY_GIT = ['bench/results/']

/** Pages that are maps of the code: they must link to it. */
const MAPS = ['docs/architecture.md', 'docs/glossary.md', 'docs/recipes.md']

describe('the links of the documentation', () => {
  it.each(PAGES)('%s has only links whose files exist', (page) => {
    const missing = linksIn(page).filter(({ path }) => path !== '' && !exists(path))
    expect(missing).toEqual([])
  })

  it.each(PAGES)('%s has only links whose anchors exist in the target page', (page) => {
    const missing = linksIn(page).filter(({ path, anchor }) => {
      const target = path === '' ? page : path
      if (anchor === '' || !target.endsWith('.md')) return false
      return !headingsIn(target).some(({ text }) => anchorOf(text) === anchor)
    })
    expect(missing).toEqual([])
  })

  it.each(PAGES)('%s has only code spans whose paths exist', (page) => {
    const allowed = [...IGNORED_BY_GIT, ...(page === 'docs/recipes.md' ? CREATED_BY_RECIPES : [])]
    const missing = namedPaths(page).filter((path) => !exists(path) && !allowed.includes(path))
    expect(missing).toEqual([])
  })

  it.each(MAPS)('%s has many links to the source code', (page) => {
    expect(linksIn(page).filter(({ path }) => path.startsWith('src/')).length).toBeGreaterThan(20)
  })

  it.each(CREATED_BY_RECIPES)('%s does not exist, since a recipe creates it', (path) => {
    expect(exists(path)).toBe(false)
    expect(namedPaths('docs/recipes.md')).toContain(path)
  })
})
