export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

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

/**
 * A log that writes lines at or above `level`, each with the fields of `base`. A long-lived object passes the level as a
 * function, so that a changed setting applies.
 */
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

/** In the error of a query the bound values follow this text. They may be tokens, addresses or message texts. */
const BOUND_VALUES = '\nparams: '

/** The reason of an error for the log, without the bound values of a query. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  const bound = message.indexOf(BOUND_VALUES)
  if (bound < 0) return message
  const query = message.slice(0, bound)
  return cause === undefined ? query : `${reasonOf(cause)} (${query})`
}

function describe(error: unknown): LogFields {
  const reason = reasonOf(error)
  if (!(error instanceof Error)) return { error: reason }
  // A stack starts with the message, which may contain bound values.
  return { error: reason, errorName: error.name, stack: error.stack?.replace(error.message, () => reason) }
}
