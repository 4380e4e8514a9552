const MAX_RETRY_SECONDS = 3_600

/**
 * The seconds that a queue message waits after a failed try: it doubles with each try and is spread over 100 to 125 %,
 * so that the messages of a batch do not retry together. It differs from `backoffMs`, which spreads over 50 to 150 %: a
 * queue takes whole seconds, and the first retry must not come before the delay that the operator has configured.
 */
export function retryDelay(firstSeconds: number, attempts: number): number {
  const seconds = firstSeconds * 2 ** (attempts - 1) * (1 + Math.random() / 4)
  return Math.round(Math.min(MAX_RETRY_SECONDS, seconds))
}
