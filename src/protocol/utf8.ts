// A BOM at the start of a text is part of the text.
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** The text of bytes that are UTF-8, such as the content of a message. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
