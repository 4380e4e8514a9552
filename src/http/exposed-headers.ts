/** Names the fields of a request that no schema knows. */
const UNKNOWN_FIELDS_HEADER = 'x-openim-unknown-fields'

/** The headers that clients may need, in small letters as `Headers` gives them. */
const NEEDED: ReadonlySet<string> = new Set([
  ...['accept-ranges', 'content-disposition', 'content-length', 'content-range', 'etag'],
  ...['retry-after', UNKNOWN_FIELDS_HEADER],
])

/** Names the headers that clients may need: browsers hide them from scripts of other origins unless the response does. */
export function exposing(response: Response): Response {
  const needed = [...response.headers.keys()].filter((name) => NEEDED.has(name))
  if (needed.length > 0) response.headers.set('access-control-expose-headers', needed.join(', '))
  return response
}

/** The most characters of one field's name in the header. */
const MAX_FIELD_NAME = 64

/** Warns the caller in a header: the answer is complete, but these fields of the request had no effect. */
export function nameUnknownFields(response: Response, fields: readonly string[]): void {
  response.headers.set(UNKNOWN_FIELDS_HEADER, fields.map(asHeader).join(', '))
  exposing(response)
}

/** A header has ASCII only, and a comma separates the names. */
function asHeader(field: string): string {
  return encodeURIComponent(field.slice(0, MAX_FIELD_NAME).toWellFormed())
}
