import { describe, expect, it } from 'vitest'
import { PAGES, read } from './pages.ts'

const namesIn = (text: string) => [...new Set(text.match(/\bOPENIM_[A-Z0-9_]+\b/g))].sort()
const declared = namesIn(read('src/env.ts'))
/** The secret is declared in wrangler.toml; src/env.ts only mentions it. */
const known = [...new Set([...declared, 'OPENIM_SECRET'])].sort()

/** The setting that a recipe has the reader add. */
const ADDED_BY_RECIPES = ['OPENIM_PUSH_BARK_KEY']

describe('the documented settings', () => {
  it('are the settings of the code, and each has a row in docs/settings.md', () => {
    const rows = read('docs/settings.md')
      .split('\n')
      .filter((row) => row.startsWith('| `OPENIM_'))
      .map((row) => row.split(' | ')[0] ?? '')
    expect(namesIn(rows.join('\n'))).toEqual(known)
  })

  it.each(PAGES)('%s names only settings that exist', (page) => {
    const allowed = [...known, ...(page === 'docs/recipes.md' ? ADDED_BY_RECIPES : [])]
    expect(namesIn(read(page)).filter((name) => !allowed.includes(name))).toEqual([])
  })

  it('are the only names in .dev.vars.example', () => {
    expect(namesIn(read('.dev.vars.example')).filter((name) => !known.includes(name))).toEqual([])
  })
})
