import { ImError } from '../protocol/errors.ts'

/**
 * Counts one call at the platform, which knows how many it lets through (`[[ratelimits]]` in wrangler.toml). It counts
 * per place of its network, and approximately. Who is not known ("") is not counted: it would be everybody together.
 * @throws ImError 429 when there were too many
 */
export async function limitRate(counter: RateLimit, key: string, who: string): Promise<void> {
  if (key === '') return
  const { success } = await counter.limit({ key })
  if (!success) throw ImError.tooManyRequests(`there were too many calls of ${who}; try again in a minute`)
}
