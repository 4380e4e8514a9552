/** What is stored of a part of a file, so that the parts can be joined later. */
export interface JoinablePart {
  partNumber: number
  /** The store's own name of the part. */
  tag: string
}

export interface StoredPart extends JoinablePart {
  size: number
}

/** Bytes by key, streamed both ways: no file is ever held in memory, but for what `Small` says. */
export interface FileStore {
  /**
   * Stores a whole file in one operation.
   * @returns the MD5 of what was stored, in hex
   * @throws ImError 1001 when the body does not have the given size
   */
  put(key: string, body: ReadableStream<Uint8Array>, size: number, contentType: string): Promise<string>
  /** @returns the store's ID of a file that will come in parts */
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
   * Makes the parts one file. Doing it again is no fault.
   * @returns the file's ETag: the MD5 of its parts' MD5s as bytes, in hex, a dash and their number
   */
  joinParts(key: string, uploadID: string, parts: readonly JoinablePart[]): Promise<string>
  /** Lets go of parts that were not joined. Doing it again, or too late, is no fault. */
  abandonParts(key: string, uploadID: string): Promise<void>
  /** Null when there is no such file. */
  read(key: string, range: { offset: number; length: number }): Promise<ReadableStream<Uint8Array> | null>
  /** What fits into memory without a thought, like a thumbnail. */
  putSmall(key: string, bytes: Uint8Array, contentType: string): Promise<void>
  /** Null when there is no such file. */
  readSmall(key: string): Promise<Uint8Array | null>
  /** Keys that begin so, at most so many. */
  list(prefix: string, limit: number): Promise<string[]>
  /** At most 1,000. Keys that do not exist are no fault. */
  delete(keys: readonly string[]): Promise<void>
  /** How clients reach the store without this service in between; null where they cannot. */
  readonly direct: DirectStore | null
}

/** A store with an address of its own, for those who hold a signature. Times are in seconds from now. */
export interface DirectStore {
  /** Where exactly so many bytes may be PUT as that part. */
  signPart(key: string, uploadID: string, partNumber: number, size: number, seconds: number): Promise<string>
  /** Where the file may be read, in these headers. */
  signRead(key: string, headers: { contentType: string; disposition: string }, seconds: number): Promise<string>
  /** What has arrived, in order; null when the parts have been joined or abandoned. */
  listParts(key: string, uploadID: string): Promise<StoredPart[] | null>
  /** The file's ETag; null when there is no such file. */
  tagOf(key: string): Promise<string | null>
}
