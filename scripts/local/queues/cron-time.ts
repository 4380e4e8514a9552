const MINUTE_MS = 60_000
/** The longest pause of a cron that has a day of its own: 29 February, across a leap year that is left out. */
const MAX_DAYS = 8 * 366
const DAY_MS = 86_400_000

/** The first and last value of each field: minute, hour, day of the month, month, weekday (1 is Sunday). */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const

/**
 * The first time after `after` (ms) at which Cloudflare would run the cron. Fields are in UTC and take `*`, numbers,
 * ranges, steps and lists, but no names.
 * @throws Error when the notation is not one of these, or no such time exists
 */
export function nextCronTime(cron: string, after: number): number {
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== RANGES.length) throw new Error(`the cron "${cron}" does not have five fields`)
  const [minutes, hours, days, months, weekdays] = fields.map((field, i) => valuesOf(field, RANGES[i] ?? [0, 0], cron))
  const anyDay = fields[2] === '*'
  const anyWeekday = fields[4] === '*'
  const isOn = (time: Date) => {
    const day = days?.has(time.getUTCDate()) ?? false
    const weekday = weekdays?.has(time.getUTCDay() + 1) ?? false
    // With both fields given, one of them is enough.
    return months?.has(time.getUTCMonth() + 1) && (anyDay || anyWeekday ? day && weekday : day || weekday)
  }
  let time = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS
  for (const end = after + MAX_DAYS * DAY_MS; time < end; ) {
    const date = new Date(time)
    if (!isOn(date)) time = (Math.floor(time / DAY_MS) + 1) * DAY_MS
    else if (hours?.has(date.getUTCHours()) && minutes?.has(date.getUTCMinutes())) return time
    else time += MINUTE_MS
  }
  throw new Error(`the cron "${cron}" names no time`)
}

function valuesOf(field: string, [first, last]: readonly [number, number], cron: string): Set<number> {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part)
    if (!match) throw new Error(`the cron "${cron}" has a field that the local server does not know: ${field}`)
    const [, from, to, step] = match
    const begin = from === undefined ? first : Number(from)
    // "5" is one value; "5/10" goes on to the last one.
    const end = to !== undefined ? Number(to) : from === undefined || step !== undefined ? last : begin
    const by = Number(step ?? 1)
    if (begin < first || end > last || by === 0)
      throw new Error(`the cron "${cron}" has a value out of range: ${field}`)
    for (let value = begin; value <= end; value += by) values.add(value)
  }
  return values
}
