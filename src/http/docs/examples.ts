import recorded from './examples.json' with { type: 'json' }

/** A real request and its answer. A test makes the calls, and writes the file. */
export interface Example {
  /** The parameters in the address. */
  query?: Record<string, string>
  /** Absent for a GET. */
  request?: unknown
  answer: unknown
}

/** The example of each call, by its path. */
export const EXAMPLES: Readonly<Record<string, Example | undefined>> = recorded
