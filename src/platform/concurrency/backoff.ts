/** Resolves after `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/**
 * The pause after a failed try. It grows with each try. A random factor of 50 to 150 % spreads the retries of callers
 * that failed together.
 * @param tries how many tries have failed, from 1
 * @returns milliseconds
 */
export function backoffMs(
  tries: number,
  { firstMs, factor = 2, maxMs = Number.POSITIVE_INFINITY }: { firstMs: number; factor?: number; maxMs?: number },
): number {
  return Math.min(maxMs, firstMs * factor ** (tries - 1)) * (0.5 + Math.random())
}
