import { median, spread } from '../load/stats.ts'
import type { Result } from '../scenarios/scenario.ts'

/** The summary of all repeats of one contender in one variant. */
export interface Summary {
  scenario: string
  variant: string
  contender: string
  repeats: number
  figures: Record<string, Figure>
}

export interface Figure {
  median: number
  low: number
  high: number
  /** Half of the range as a share of the median. */
  spread: number
}

/** Summarizes results, in the order in which variants and contenders first occur. */
export function summarize(results: readonly Result[]): Summary[] {
  const cells = Map.groupBy(results, ({ scenario, variant, contender }) => [scenario, variant, contender].join('\n'))
  return [...cells.values()].flatMap((cell) => {
    const [first] = cell
    if (!first) return []
    const { scenario, variant, contender } = first
    const names = Object.keys(first.figures)
    const figures = names.map((name) => [name, figureOf(cell.flatMap((result) => result.figures[name] ?? []))] as const)
    return [{ scenario, variant, contender, repeats: cell.length, figures: Object.fromEntries(figures) }]
  })
}

function figureOf(values: readonly number[]): Figure {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values), spread: spread(values) }
}
