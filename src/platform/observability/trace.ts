import { tracing } from 'cloudflare:workers'

/**
 * Sets fields of the active span: a request, a call of an object, a frame or a job. The field `operationID` connects a
 * trace with its log lines. Costs nothing when the span is not traced.
 */
export function annotateTrace(fields: Record<string, string | number | boolean>): void {
  const span = tracing.getActiveSpan()
  if (span?.isTraced) span.setAttributes(fields)
}

/** Runs the work in a span of its own. */
export function traced<T>(name: string, fields: Record<string, string | number | boolean>, work: () => T): T {
  return tracing.enterSpan(name, (span) => {
    span.setAttributes(fields)
    return work()
  })
}
