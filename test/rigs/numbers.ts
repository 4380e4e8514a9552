const counter = globalThis as { testFiles?: number }

/**
 * The first of a thousand numbers for the IDs of a test file. Files that share a process get different ones, because an
 * alarm or a job that an earlier file left behind would reach users with the same IDs.
 */
export function firstNumber(): number {
  counter.testFiles = (counter.testFiles ?? 0) + 1
  return counter.testFiles * 1_000
}
