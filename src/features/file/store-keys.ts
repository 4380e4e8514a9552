/** The store key of a file that is uploaded in parts. */
export function storeKeyOf(uploadID: string): string {
  return `files/${uploadID}`
}

/**
 * The store key of a file that is uploaded as a whole. Every attempt gets a new key, so that a later request to the
 * same signed URL cannot overwrite checked content.
 */
export function newStoreKey(uploadID: string): string {
  return `files/${uploadID}/${crypto.randomUUID()}`
}

/** The prefix of the store keys of a picture's thumbnails. */
export function thumbnailPrefix(hash: string): string {
  return `thumbnails/${hash}/`
}
