import type { FileStore } from './file-store.ts'
import { withFixedLength } from './fixed-length-body.ts'

/** R2's error code for an unknown upload in parts. */
const NO_SUCH_UPLOAD = '(10024)'

/** A file store in the bucket that is bound to the Worker. Only the Worker can reach this bucket. */
export function openR2Store(bucket: R2Bucket): FileStore {
  return {
    direct: null,
    put: async (key, body, size, contentType) => {
      const { checksums } = await withFixedLength(body, size, (sized) =>
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
      const { etag } = await withFixedLength(body, size, (sized) => upload.uploadPart(partNumber, sized))
      return etag
    },
    joinParts: async (key, uploadID, parts) => {
      try {
        const etags = parts.map(({ partNumber, tag }) => ({ partNumber, etag: tag }))
        return (await bucket.resumeMultipartUpload(key, uploadID).complete(etags)).etag
      } catch (error) {
        // A key exists only after its parts were joined, so an earlier try has joined them.
        const joined = await bucket.head(key)
        if (!joined) throw error
        return joined.etag
      }
    },
    abandonParts: async (key, uploadID) => {
      try {
        await bucket.resumeMultipartUpload(key, uploadID).abort()
      } catch (error) {
        if (!(error instanceof Error && error.message.includes(NO_SUCH_UPLOAD))) throw error
      }
    },
    read: async (key, range) => {
      // R2 does not accept an empty range.
      const object = await bucket.get(key, range.length > 0 ? { range } : {})
      return object ? object.body.pipeThrough(new FixedLengthStream(range.length)) : null
    },
    putSmall: async (key, bytes, contentType) => {
      await bucket.put(key, bytes, { httpMetadata: { contentType } })
    },
    readSmall: async (key) => {
      const object = await bucket.get(key)
      return object ? new Uint8Array(await object.arrayBuffer()) : null
    },
    list: async (prefix, limit) => {
      const { objects } = await bucket.list({ prefix, limit })
      return objects.map(({ key }) => key)
    },
    delete: (keys) => bucket.delete([...keys]),
  }
}
