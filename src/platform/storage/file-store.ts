/** An uploaded part of a file, as the store needs it to join the parts. */
export interface JoinablePart {
  partNumber: number
  /** The store's ETag of the part. */
  tag: string
}

export interface StoredPart extends JoinablePart {
  size: number
}

/** Stores bytes by key. Files are streamed in both directions; only `putSmall` and `readSmall` hold one in memory. */
export interface FileStore {
  /**
   * Stores a whole file in one operation.
   * @returns the MD5 of what was stored, in hex
   * @throws ImError 1001 when the body does not have the given size
   */
  put(key: string, body: ReadableStream<Uint8Array>, size: number, contentType: string): Promise<string>
  /** @returns the store's ID of a new upload in parts */
  beginParts(key: string, contentType: string): Promise<string>
  /**
   * @returns the part's tag
   * @throws ImError 1001 when the body does not have the given size
   */
  putPart(
    key: string,
    uploadID: string,
    partNumber: number,
    body: ReadableStream<Uint8Array>,
    size: number,
  ): Promise<string>
  /**
   * Joins the parts into one file. Repeating it is allowed.
   * @returns the file's ETag: the MD5 of its parts' MD5s as bytes, in hex, a dash and their number
   */
  joinParts(key: string, uploadID: string, parts: readonly JoinablePart[]): Promise<string>
  /** Deletes parts that were not joined. Repeating it, or calling it after the parts were joined, is allowed. */
  abandonParts(key: string, uploadID: string): Promise<void>
  /** Null when the file does not exist. */
  read(key: string, range: { offset: number; length: number }): Promise<ReadableStream<Uint8Array> | null>
  /** Stores a file that is small enough for memory, like a thumbnail. */
  putSmall(key: string, bytes: Uint8Array, contentType: string): Promise<void>
  /** Null when the file does not exist. */
  readSmall(key: string): Promise<Uint8Array | null>
  /** At most `limit` keys with the prefix. */
  list(prefix: string, limit: number): Promise<string[]>
  /** Deletes at most 1,000 keys. Keys that do not exist are ignored. */
  delete(keys: readonly string[]): Promise<void>
  /** Signs addresses in the store itself; null when clients cannot reach the store directly. */
  readonly direct: DirectStore | null
}

/** A store that clients reach directly at signed addresses. `seconds` is how long an address is valid. */
export interface DirectStore {
  /** The address for the PUT of one part of exactly `size` bytes. */
  signPart(key: string, uploadID: string, partNumber: number, size: number, seconds: number): Promise<string>
  /** The address for reading a file; the response has these headers. */
  signRead(key: string, headers: { contentType: string; disposition: string }, seconds: number): Promise<string>
  /** The uploaded parts, in order; null when the parts were joined or abandoned. */
  listParts(key: string, uploadID: string): Promise<StoredPart[] | null>
  /** The file's ETag; null when the file does not exist. */
  tagOf(key: string): Promise<string | null>
}
