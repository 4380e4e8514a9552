import { createHash } from 'node:crypto'
import type { StoredPart } from '../../platform/storage/file-store.ts'
import { ImError } from '../../protocol/errors.ts'
import { partCountOf, sizeOfPart } from './part-sizes.ts'
import type { FilePartRow, FileUploadRow } from './tables.ts'

type UploadedPart = Pick<FilePartRow, 'partNumber' | 'md5'>

/** @throws ImError 1001 unless every part is uploaded and has the MD5 that the client claims */
export function requireEveryPart(
  upload: FileUploadRow,
  parts: readonly UploadedPart[],
  claimed: readonly string[],
): void {
  const count = partCountOf(upload)
  if (claimed.length !== count) throw ImError.args(`the file has ${count} parts, not ${claimed.length}`)
  const uploaded = new Map(parts.map(({ partNumber, md5 }) => [partNumber, md5]))
  for (const [i, md5] of claimed.entries()) {
    const partNumber = i + 1
    if (!uploaded.has(partNumber)) throw ImError.args(`part ${partNumber} of ${count} has not been uploaded`)
    if (uploaded.get(partNumber) !== md5) throw ImError.args(`part ${partNumber} arrived with another MD5`)
  }
}

/**
 * The same check for parts that the client uploaded to the store directly. Most stores use the MD5 of a part as its
 * tag. A tag that is not an MD5 is not checked here; the tag of the joined file is checked afterwards.
 */
export function requireEveryStoredPart(
  upload: FileUploadRow,
  stored: readonly StoredPart[],
  claimed: readonly string[],
): void {
  const parts = stored.map(({ partNumber, tag }) => {
    const md5 = /^[0-9a-f]{32}$/.test(tag) ? tag : claimed[partNumber - 1]
    return { partNumber, md5: md5 ?? '' }
  })
  requireEveryPart(upload, parts, claimed)
  for (const { partNumber, size } of stored) {
    const expected = sizeOfPart(upload, partNumber)
    if (size !== expected) throw ImError.args(`part ${partNumber} must have ${expected} bytes, not ${size}`)
  }
}

/** The tag that stores give to a file of several parts: the MD5 of its parts' binary MD5s, and the number of parts. */
export function tagOfJoinedFile(partMD5s: readonly string[]): string {
  const digests = Buffer.concat(partMD5s.map((md5) => Buffer.from(md5, 'hex')))
  return `${createHash('md5').update(digests).digest('hex')}-${partMD5s.length}`
}
