import { ImError } from '../protocol/errors.ts'

/** What is stored of a part of a file, so that the parts can be joined later. */
export interface JoinablePart {
  partNumber: number
  /** The store's own name of the part; it has no meaning to anyone else. */
  tag: string
}

/** Bytes by key, streamed both ways: no file is ever held in memory. */
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
  /** Makes the parts one file. Doing it again is no fault. */
  joinParts(key: string, uploadID: string, parts: readonly JoinablePart[]): Promise<void>
  abandonParts(key: string, uploadID: string): Promise<void>
  /** Null when there is no such file. */
  read(key: string, range: { offset: number; length: number }): Promise<ReadableStream<Uint8Array> | null>
  delete(key: string): Promise<void>
}

export function openFileStore(bucket: R2Bucket): FileStore {
  return {
    put: async (key, body, size, contentType) => {
      const { checksums } = await withKnownLength(body, size, (sized) =>
        bucket.put(key, sized, { httpMetadata: { contentType } }),
      )
      if (!checksums.md5) throw new Error('the store computed no MD5')
      return Buffer.from(checksums.md5).toString('hex')
    },
    beginParts: async (key, contentType) => {
      const upload = await bucket.createMultipartUpload(key, { httpMetadata: { contentType } })
      return upload.uploadId
    },
    putPart: async (key, uploadID, partNumber, body, size) => {
      const upload = bucket.resumeMultipartUpload(key, uploadID)
      const { etag } = await withKnownLength(body, size, (sized) => upload.uploadPart(partNumber, sized))
      return etag
    },
    joinParts: async (key, uploadID, parts) => {
      try {
        const etags = parts.map(({ partNumber, tag }) => ({ partNumber, etag: tag }))
        await bucket.resumeMultipartUpload(key, uploadID).complete(etags)
      } catch (error) {
        // A key appears only when its parts have been joined: by an earlier try, then.
        if (!(await bucket.head(key))) throw error
      }
    },
    abandonParts: (key, uploadID) => bucket.resumeMultipartUpload(key, uploadID).abort(),
    read: async (key, range) => {
      // A range of nothing is none that R2 knows.
      const object = await bucket.get(key, range.length > 0 ? { range } : {})
      return object ? object.body.pipeThrough(new FixedLengthStream(range.length)) : null
    },
    delete: (key) => bucket.delete(key),
  }
}

/** R2 takes only streams whose length is known beforehand, which what a client sends is not always. */
async function withKnownLength<T>(
  body: ReadableStream<Uint8Array>,
  size: number,
  store: (sized: ReadableStream<Uint8Array>) => Promise<T>,
): Promise<T> {
  const { readable, writable } = new FixedLengthStream(size)
  // A store that gives up reads no further: without the signal the pipe would wait for it for good.
  const gaveUp = new AbortController()
  const storing = store(readable).catch((error: unknown) => {
    gaveUp.abort(error)
    throw error
  })
  const [sent, stored] = await Promise.allSettled([body.pipeTo(writable, { signal: gaveUp.signal }), storing])
  if (sent.status === 'rejected' && sent.reason instanceof ImError) throw sent.reason
  // Which of the two ends hears of a byte too many or too few depends on who was faster.
  if (isLengthFault(sent) || isLengthFault(stored)) {
    throw ImError.args(`the body does not have the ${size} bytes that were announced`)
  }
  if (stored.status === 'rejected') throw stored.reason
  if (sent.status === 'rejected') throw sent.reason
  return stored.value
}

/** The runtime gives this fault no class of its own. */
function isLengthFault(end: PromiseSettledResult<unknown>): boolean {
  return end.status === 'rejected' && end.reason instanceof Error && end.reason.message.includes('FixedLengthStream')
}
