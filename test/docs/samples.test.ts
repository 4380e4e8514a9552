import { describe, expect, it } from 'vitest'
import { exists, PAGES, read, samplesIn } from './pages.ts'
import { SAMPLES } from './samples.ts'

const withSamples = PAGES.filter((page) => samplesIn(page).length > 0)
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

describe('the fenced blocks of the documentation', () => {
  it('have a row in test/docs/samples.ts for each page', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual([...withSamples].sort())
  })

  it.each(withSamples)('of %s are executed, or have a reason why not', (page) => {
    const starts = SAMPLES[page] ?? []
    const texts = samplesIn(page).map(({ text }) => text)
    expect(texts.map((text, i) => text.slice(0, starts[i]?.[0].length ?? 0))).toEqual(starts.map(([start]) => start))
  })

  it.each(withSamples)('of %s name only scripts, programs and tests that exist', (page) => {
    const commands = samplesIn(page).filter(({ language }) => language === 'sh')
    for (const { text } of commands) {
      const names = [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name = '']) => name)
      expect(names.filter((name) => !scripts[name])).toEqual([])
      const paths = [...text.matchAll(/(?<=\s)(?:scripts|test|bench|src)\/[\w./-]+/g)].map(([path]) => path)
      expect(paths.filter((path) => !exists(path))).toEqual([])
      const projects = [...text.matchAll(/\btsc -p (\S+)/g)].map(([, folder = '']) => folder)
      expect(projects.filter((folder) => !exists(`${folder}/tsconfig.json`))).toEqual([])
    }
  })
})
