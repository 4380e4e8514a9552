import { env } from 'cloudflare:workers'
import fc, { type IAsyncProperty, type Parameters } from 'fast-check'

const { TEST_GENERATED_SECONDS, TEST_GENERATED_SEED } = env as unknown as Record<string, string>

/** The seconds for each property of a long run; 0 = the short run. */
export const LONG_SECONDS = Number(TEST_GENERATED_SECONDS || 0)

/**
 * The parameters of a property. The short run, for `npm test`, always has the same cases. A long run takes new cases for
 * the given time; its report names the seed, which repeats the run.
 */
function parameters({ runs }: { runs: number }): Parameters<unknown> {
  if (LONG_SECONDS === 0) return { seed: 13, numRuns: runs }
  return {
    ...(TEST_GENERATED_SEED ? { seed: Number(TEST_GENERATED_SEED) } : {}),
    numRuns: 1_000_000,
    interruptAfterTimeLimit: LONG_SECONDS * 1_000,
  }
}

/**
 * Runs a property. A failure names the seed and the smallest failing case, in ASCII: the test runner cannot send a lone
 * surrogate.
 * @returns the number of cases
 */
export async function expectHolds<Case>(
  property: IAsyncProperty<Case>,
  { runs, canShrink = true }: { runs: number; canShrink?: boolean },
): Promise<number> {
  const found = await fc.check(property, { ...parameters({ runs }), endOnFailure: !canShrink } as Parameters<Case>)
  if (!found.failed || (found.interrupted && found.counterexample === null)) return found.numRuns
  const { seed, counterexample, errorInstance } = found
  const reason =
    errorInstance instanceof Error ? `${errorInstance.message}\n${errorInstance.stack}` : `${errorInstance}`
  throw new Error(inAscii(`seed ${seed}: ${JSON.stringify(counterexample)?.slice(0, 4_000)}\n${reason}`))
}

function inAscii(text: string): string {
  return text.replace(/[^\n -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
