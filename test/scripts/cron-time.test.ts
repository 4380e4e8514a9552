import { describe, expect, it } from 'vitest'
import { nextCronTime } from '../../scripts/local/queues/cron-time.ts'

const next = (cron: string, after: string) => new Date(nextCronTime(cron, Date.parse(after))).toISOString()

describe('nextCronTime', () => {
  it.each([
    ['0 2 * * *', '2026-11-30T01:59:59Z', '2026-11-30T02:00:00.000Z'],
    ['0 2 * * *', '2026-11-30T02:00:00Z', '2026-12-01T02:00:00.000Z'],
    ['*/15 * * * *', '2026-11-30T10:01:00Z', '2026-11-30T10:15:00.000Z'],
    ['5/20 * * * *', '2026-11-30T10:26:00Z', '2026-11-30T10:45:00.000Z'],
    ['30 4 1,15 * *', '2026-11-30T10:00:00Z', '2026-12-01T04:30:00.000Z'],
    ['0 0 29 2 *', '2026-11-30T10:00:00Z', '2028-02-29T00:00:00.000Z'],
    // Cloudflare counts weekdays from Sunday, which is 1. 30 November 2026 is a Monday.
    ['0 9 * * 1', '2026-11-30T10:00:00Z', '2026-12-06T09:00:00.000Z'],
    ['0 9 3 * 1', '2026-11-30T10:00:00Z', '2026-12-03T09:00:00.000Z'],
  ])('finds for "%s" after %s the time %s', (cron, after, expected) => {
    expect(next(cron, after)).toBe(expected)
  })

  it.each(['0 2 * *', '60 * * * *', '0 2 * * MON', '*/0 * * * *', '0 0 31 2 *'])('refuses "%s"', (cron) => {
    expect(() => nextCronTime(cron, 0)).toThrow('the cron')
  })
})
