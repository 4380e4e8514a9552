import { tracing } from 'cloudflare:workers'

/**
 * Puts fields on the span of what the platform runs right now: a request, a call of an object, a frame, a job. By
 * `operationID` a trace and the lines of the log find each other. Costs nothing where nobody traces.
 */
export function annotateTrace(fields: Record<string, string | number | boolean>): void {
  const span = tracing.getActiveSpan()
  if (span?.isTraced) span.setAttributes(fields)
}

/** Does a piece of work in a span of its own. */
export function traced<T>(name: string, fields: Record<string, string | number | boolean>, work: () => T): T {
  return tracing.enterSpan(name, (span) => {
    span.setAttributes(fields)
    return work()
  })
}
