/**
 * The places where an answer is empty (null, [] or {}), so that it does not show its shape. The items of a list count
 * as one place. The values of a map count as one place, too, when `maps` has the place of the map.
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
