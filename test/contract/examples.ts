import type { Example } from '../../src/http/docs/examples.ts'

/* Makes the examples of the API's documentation from real requests and answers, and compares the shapes of examples. */

/** A time that stands for every time: 1 January 2026. */
const TIME = 1_767_225_600_000
const DAY = '2026-01-01'
/** Times are numbers between these: from 2017 to 2033 in milliseconds. */
const TIMES = { min: 1_500_000_000_000, max: 2_000_000_000_000 }
/** The most items of a list in an answer. */
const MAX_ITEMS = 2

/** The parts of texts that differ from run to run, or that are secret, and what stands for them. */
const VOLATILE: readonly [RegExp, string][] = [
  [/^openIM123$/, 'the value of OPENIM_SECRET'],
  // A verification code, and the ID of a log.
  [/^\d{6}$/, '123456'],
  [/^\d{9,10}$/, '1703706447'],
  [/signature=[\w-]+/, 'signature=Mkf3RoxX0FrdviZCEf7lixHlx22Gws7xxcoGuOYVEec'],
  [/\b[0-9a-f]{24}\b/g, '507f1f77bcf86cd799439011'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJhbGciOiJIUzI1NiJ9.eyJVc2VySUQiOiJhbGljZSJ9.c2lnbmF0dXJl'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '3b241101-e2bb-4255-8caf-4136c566a962'],
  [/\b[0-9a-f]{64}\b/g, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [/\b[0-9a-f]{32}\b/g, 'd41d8cd98f00b204e9800998ecf8427e'],
  [/\b1[5-9]\d{11}\b/g, String(TIME)],
  [/\b20\d\d-[01]\d-[0-3]\d\b/g, DAY],
]

/** The example of a call: its request and its answer with fixed times and IDs, and with short lists. */
export function exampleOf(
  given: { query?: Record<string, string> | undefined; request?: unknown; answer: unknown },
  maxItems = MAX_ITEMS,
): Example {
  return {
    ...(given.query && { query: given.query }),
    ...(given.request !== undefined && { request: settled(given.request, Number.POSITIVE_INFINITY) }),
    answer: settled(given.answer, maxItems),
  }
}

function settled(value: unknown, maxItems: number): unknown {
  if (typeof value === 'number') return settledNumber(value)
  if (typeof value === 'string') return settledText(value)
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => settled(item, maxItems))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, held]) => [settledText(key), settled(held, maxItems)])
  return Object.fromEntries(entries)
}

function settledNumber(given: number): number {
  const isTime = (ms: number) => TIMES.min < ms && ms < TIMES.max
  if (isTime(given)) return TIME
  if (isTime(given * 1_000)) return TIME / 1_000
  return Math.min(given, Number.MAX_SAFE_INTEGER)
}

/** The content of a message is JSON in base64, in which the volatile parts are replaced, too. */
function settledText(text: string): string {
  const decoded = /^eyJ[\w+/]*=*$/.test(text) ? Buffer.from(text, 'base64').toString() : ''
  if (decoded.endsWith('}')) return Buffer.from(withoutVolatile(decoded)).toString('base64')
  return withoutVolatile(text)
}

const withoutVolatile = (text: string) =>
  VOLATILE.reduce((replaced, [pattern, fixed]) => replaced.replace(pattern, fixed), text)

/**
 * The places of a value with the types of what they hold, without empty places. The items of a list are one place, and
 * the values of a map, too.
 * @param maps the places of maps
 */
export function shapeOf(value: unknown, maps: readonly string[] = []): Set<string> {
  const places = new Set<string>()
  const visit = (held: unknown, place: string) => {
    if (held === null || held === undefined) return
    places.add(`${place}: ${Array.isArray(held) ? 'list' : typeof held}`)
    if (typeof held !== 'object') return
    const isMany = Array.isArray(held) || maps.includes(place)
    for (const [key, inner] of Object.entries(held)) visit(inner, [place, isMany ? '*' : key].filter(Boolean).join('.'))
  }
  visit(value, '')
  return places
}
