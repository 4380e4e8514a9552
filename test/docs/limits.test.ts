import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BOUNDS, type Bound } from '../contract/bounds.ts'

const page = readFileSync(`${import.meta.dirname}/../../docs/limits.md`, 'utf8')

describe('docs/limits.md', () => {
  it('has the bounds of every REST call in the table of the tests', () => {
    const [, table = ''] = page.split('\n## REST calls\n')
    const documented = table.split('\n').filter((line) => line.startsWith('| `/'))
    expect(documented).toEqual(Object.entries(BOUNDS).map(([path, bound]) => lineOf(path, bound)))
  })
})

function lineOf(path: string, { inputs, most }: Bound): string {
  const atMost = Object.entries(inputs).map(([input, count]) => `\`${input.replace(/[[{].*/, '')}\` ${numberOf(count)}`)
  const cells = [`\`${path}\``, atMost.join(', ') || 'whole list', bytesOf(most.bytes)]
  return `| ${[...cells, numberOf(most.rows), numberOf(most.calls)].join(' | ')} |`
}

const numberOf = (count: number) => count.toLocaleString('en')
const bytesOf = (bytes: number) => (bytes < 1_000_000 ? `${bytes / 1_000} KB` : `${bytes / 1_000_000} MB`)
