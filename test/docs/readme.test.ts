import { describe, expect, it } from 'vitest'
import { blocksIn, headingsIn, linksIn, read } from './pages.ts'

const ENGLISH = 'README.md'
const CHINESE = 'README.zh-CN.md'

const levelsOf = (page: string) => headingsIn(page).map(({ level }) => level)
const targetsOf = (page: string) =>
  [...read(page).matchAll(/\]\((?<target>[^)\s]+)\)/g)]
    .map(({ groups }) => groups?.target ?? '')
    .filter((target) => target !== ENGLISH && target !== CHINESE)

describe('the two READMEs', () => {
  it('have headings of the same number and levels', () => {
    expect(levelsOf(CHINESE)).toEqual(levelsOf(ENGLISH))
    expect(levelsOf(ENGLISH).length).toBeGreaterThan(5)
  })

  it('have the same code blocks', () => {
    expect(blocksIn(CHINESE)).toEqual(blocksIn(ENGLISH))
    expect(blocksIn(ENGLISH).length).toBeGreaterThan(5)
  })

  it('have the same links in the same order', () => {
    expect(targetsOf(CHINESE)).toEqual(targetsOf(ENGLISH))
  })

  it('have a link to each other', () => {
    expect(linksIn(ENGLISH)).toContainEqual({ path: CHINESE, anchor: '' })
    expect(linksIn(CHINESE)).toContainEqual({ path: ENGLISH, anchor: '' })
  })

  it('have the two commands that start and test everything', () => {
    for (const command of ['npm ci && npm start', 'npm ci && npm test']) {
      expect(blocksIn(ENGLISH).filter((block) => block.includes(command))).toHaveLength(1)
    }
  })
})
