/** What was typed does not make a command; the help follows it. */
export class UsageError extends Error {}

export interface Option {
  words: string
  /** How its value is called in the help. */
  value?: string
  isFlag?: boolean
}

export type Values = Readonly<Record<string, string | boolean | undefined>>

export interface Command {
  /** One word, or two: `seqs show`. */
  name: string
  summary: string
  options: Readonly<Record<string, Option>>
  run(values: Values): Promise<void>
}

/** Where the service is and who asks: the options of every command that calls it. */
export const SERVICE_OPTIONS = {
  url: { words: 'the address of the service; http://127.0.0.1:8787 without it', value: 'URL' },
  secret: { words: 'its secret; OPENIM_SECRET without it, then the development secret', value: 'SECRET' },
  admin: { words: 'the administrator in whose name to call; imAdmin without it', value: 'USER' },
} as const satisfies Record<string, Option>

export function text(values: Values, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @throws UsageError without it */
export function required(values: Values, name: string): string {
  const value = text(values, name)
  if (value === undefined) throw new UsageError(`--${name} is missing.`)
  return value
}

/** @throws UsageError for what is not a whole number of `least` or more */
export function count(values: Values, name: string, least = 1): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${name} must be a whole number from ${least} on, not ${JSON.stringify(value)}.`)
  }
  return number
}
