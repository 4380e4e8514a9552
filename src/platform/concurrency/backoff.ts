/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/**
 * The pause after a failed try. It grows with each try, and is spread over 50 to 150 % of that, so that callers that
 * failed together do not retry together.
 * @param tries how many tries have failed, from 1
 * @returns milliseconds
 */
export function backoffMs(
  tries: number,
  { firstMs, factor = 2, maxMs = Number.POSITIVE_INFINITY }: { firstMs: number; factor?: number; maxMs?: number },
): number {
  return Math.min(maxMs, firstMs * factor ** (tries - 1)) * (0.5 + Math.random())
}
