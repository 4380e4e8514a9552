/** Seqs from the first to the second, both included. */
export type Range = readonly [from: number, to: number]

/** Adds a range to disjoint ascending ranges; ranges that touch become one. */
export function withRange(ranges: readonly Range[], [from, to]: Range): Range[] {
  if (from > to) return [...ranges]
  let merged: Range = [from, to]
  const before: Range[] = []
  const after: Range[] = []
  for (const range of ranges) {
    if (range[1] < merged[0] - 1) before.push(range)
    else if (range[0] > merged[1] + 1) after.push(range)
    else merged = [Math.min(range[0], merged[0]), Math.max(range[1], merged[1])]
  }
  return [...before, merged, ...after]
}

/** The parts of a range that no known range covers. */
export function missingIn(ranges: readonly Range[], [from, to]: Range): Range[] {
  const missing: Range[] = []
  let at = from
  for (const [known, end] of ranges) {
    if (end < at) continue
    if (known > to) break
    if (known > at) missing.push([at, known - 1])
    at = end + 1
  }
  if (at <= to) missing.push([at, to])
  return missing
}

/** The first seq of the known range that ends with or covers `to`; undefined if `to` is not known. */
export function knownFrom(ranges: readonly Range[], to: number): number | undefined {
  return ranges.find(([from, end]) => from <= to && to <= end)?.[0]
}
