/** Parses JSON. Text that is not JSON is returned as it is, so that the schema behind it reports the error. */
export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
