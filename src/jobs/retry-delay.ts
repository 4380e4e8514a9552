const MAX_RETRY_SECONDS = 3_600

/** How many seconds a message waits after a failed try: twice as long each time, and never the same for all of a batch. */
export function retryDelay(firstSeconds: number, attempts: number): number {
  const seconds = firstSeconds * 2 ** (attempts - 1) * (1 + Math.random() / 4)
  return Math.round(Math.min(MAX_RETRY_SECONDS, seconds))
}
