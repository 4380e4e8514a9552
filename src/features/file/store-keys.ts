/** Where a file that comes in parts is stored. */
export function storeKeyOf(uploadID: string): string {
  return `files/${uploadID}`
}

/**
 * Where a file that comes as a whole is stored: somewhere else each time it is sent, so that nobody who still has the
 * signed address can write over what has been checked.
 */
export function newStoreKey(uploadID: string): string {
  return `files/${uploadID}/${crypto.randomUUID()}`
}

/** Where the smaller versions of a picture are stored. */
export function thumbnailPrefix(hash: string): string {
  return `thumbnails/${hash}/`
}
