import type { LogLevel } from './config.ts'

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

export type LogFields = Record<string, string | number | boolean | null | undefined>

/** One JSON object per line, so that the platform indexes every field; `operationID` ties a request's lines together. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, error: unknown, fields?: LogFields): void
  with(fields: LogFields): Log
}

/** A log that writes lines at or above `level`, each carrying `base`. What lives long gives the level as a function. */
export function createLog(level: LogLevel | (() => LogLevel), base: LogFields = {}): Log {
  const lowest = typeof level === 'function' ? level : () => level
  const write = (at: LogLevel, message: string, fields: LogFields = {}) => {
    if (RANK[at] < RANK[lowest()]) return
    const line = JSON.stringify({ level: at, message, ...base, ...fields })
    if (at === 'error') console.error(line)
    else if (at === 'warn') console.warn(line)
    else console.log(line)
  }
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, error, fields) => write('error', message, { ...fields, ...describe(error) }),
    with: (fields) => createLog(level, { ...base, ...fields }),
  }
}

function describe(error: unknown): LogFields {
  if (error instanceof Error) return { error: error.message, errorName: error.name, stack: error.stack }
  return { error: String(error) }
}
