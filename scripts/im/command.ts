/** The command line is not valid; the command's help is printed after the message. */
export class UsageError extends Error {}

export interface Option {
  description: string
  /** The name of its value in the help. */
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

/** The options of every command that calls the service: its address, its secret and the calling administrator. */
export const SERVICE_OPTIONS = {
  url: { description: 'address of the service (default: http://127.0.0.1:8787)', value: 'URL' },
  secret: {
    description: 'secret of the service (default: OPENIM_SECRET, else the development secret)',
    value: 'SECRET',
  },
  admin: { description: 'administrator who makes the calls (default: imAdmin)', value: 'USER' },
} as const satisfies Record<string, Option>

export function text(values: Values, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @throws UsageError when the option is missing */
export function required(values: Values, name: string): string {
  const value = text(values, name)
  if (value === undefined) throw new UsageError(`--${name} is missing.`)
  return value
}

/** @throws UsageError when the value is not a whole number of at least `min` */
export function wholeNumber(values: Values, name: string, min = 1): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < min) {
    throw new UsageError(`--${name} must be a whole number of at least ${min}, not ${JSON.stringify(value)}.`)
  }
  return number
}
