/**
 * Where an answer is empty, and so shows nothing of its shape: null, [] and {}. Items of a list count as one, and so
 * do the values of a map when `maps` names its place.
 */
export function emptyPlaces(answer: unknown, maps: readonly string[] = []): string[] {
  const filled = new Map<string, boolean>()
  look(answer, 'data', filled, maps)
  return [...filled].flatMap(([place, isFilled]) => (isFilled ? [] : [place]))
}

function look(value: unknown, place: string, filled: Map<string, boolean>, maps: readonly string[]): void {
  if (typeof value !== 'object' && value !== undefined) {
    filled.set(place, true)
    return
  }
  const entries = Object.entries(value ?? {})
  filled.set(place, filled.get(place) === true || entries.length > 0)
  const isMap = Array.isArray(value) || maps.includes(place)
  for (const [key, item] of entries) look(item, isMap ? `${place}.*` : `${place}.${key}`, filled, maps)
}
