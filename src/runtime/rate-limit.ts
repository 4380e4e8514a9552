import { ImError } from '../protocol/errors.ts'

/**
 * Counts one call with Cloudflare's rate limiter, whose limits are under `[[ratelimits]]` in wrangler.toml. Cloudflare
 * counts approximately, and separately in each of its locations. An empty key is not limited: all unknown callers would
 * share one counter.
 * @param caller what the key identifies, for the error: `one address`
 * @throws ImError 429 when the key made too many calls
 */
export async function limitRate(counter: RateLimit, key: string, caller: string): Promise<void> {
  if (key === '') return
  const { success } = await counter.limit({ key })
  if (!success) throw ImError.tooManyRequests(`there were too many calls from ${caller}; try again in a minute`)
}
