/** A byte range of a file. */
export interface Range {
  offset: number
  length: number
}

/**
 * Parses a Range header. Null means the whole file: without a header, and for headers that HTTP allows to ignore
 * (several ranges, or another unit than bytes).
 */
export function parseRange(header: string | undefined, size: number): Range | 'unsatisfiable' | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { offset: size - length, length }
  }
  const offset = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < offset) return null
  return offset >= size ? 'unsatisfiable' : { offset, length: end - offset }
}
