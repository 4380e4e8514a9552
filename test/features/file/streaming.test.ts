import { beforeAll, describe, expect, it } from 'vitest'
import { register, userToken } from '../../rigs/rig.ts'
import { PART_SIZE, pathOf, requestTo, Uploader } from './rig.ts'

/** That bytes pass through: a body that is made as it is read, and a bucket that stops taking now and then. */

const CHUNK = 65_536
const MIB = 1_048_576

class Passage {
  made = 0
  taken = 0
  /** The most that was read of the body while the bucket took nothing. */
  ahead = 0
  stops = 0

  body(size: number, head = '', tail = ''): ReadableStream<Uint8Array> {
    const chunks = Array.from({ length: size / CHUNK }, () => CHUNK)
    const pieces = [head, ...chunks, tail].filter((piece) => piece !== '').values()
    return new ReadableStream({
      pull: (controller) => {
        const { value: piece } = pieces.next()
        if (piece === undefined) return controller.close()
        const bytes = typeof piece === 'number' ? new Uint8Array(piece) : new TextEncoder().encode(piece)
        this.made += bytes.length
        controller.enqueue(bytes)
      },
    })
  }

  /** The bucket's end of it. */
  async take(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const { length } of stream) {
      const stops = Math.floor((this.taken + length) / MIB) > Math.floor(this.taken / MIB)
      this.taken += length
      if (stops) await this.#stop()
    }
  }

  /** Until whoever reads ahead has done so: nothing more is made for some turns. */
  async #stop(): Promise<void> {
    this.stops++
    for (let quiet = 0, seen = this.made; quiet < 5; quiet++) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      if (this.made !== seen) quiet = 0
      seen = this.made
    }
    this.ahead = Math.max(this.ahead, this.made - this.taken)
  }
}

let alice: Uploader

beforeAll(async () => {
  await register('alice')
  alice = new Uploader(await userToken('alice'))
})

describe('no more is read from a client than the bucket is about to take', () => {
  it('of a part', async () => {
    const hash = '0'.repeat(32)
    const asked = { hash, size: 2 * PART_SIZE, maxParts: -1, name: 'alice/part', contentType: '', cause: '' }
    const { data } = await alice.call('initiate_multipart_upload', asked)
    const passage = new Passage()
    const uploadPart = async (_: number, stream: ReadableStream<Uint8Array>) => {
      await passage.take(stream)
      return { etag: 'etag' }
    }
    const FILES = { resumeMultipartUpload: () => ({ uploadPart }) } as unknown as R2Bucket
    const init = { method: 'PUT', body: passage.body(PART_SIZE) }
    const response = await requestTo({ FILES }, pathOf(data.upload.sign.parts[0].url), init)
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect([passage.taken, passage.stops]).toEqual([PART_SIZE, 5])
    expect(passage.ahead).toBeLessThanOrEqual(MIB / 2)
  })

  it('of a form, with a file that no Worker could hold', async () => {
    const size = 144 * MIB
    const { data } = await alice.call('initiate_form_data', { name: 'alice/form', size, contentType: '', group: '' })
    const passage = new Passage()
    const put = async (_: string, stream: ReadableStream<Uint8Array>) => {
      await passage.take(stream)
      return { checksums: { md5: new ArrayBuffer(16) } }
    }
    const head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    const init = {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
      body: passage.body(size, head, '\r\n--edge--\r\n'),
    }
    const response = await requestTo({ FILES: { put } as unknown as R2Bucket }, pathOf(data.url), init)
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect([passage.taken, passage.stops]).toEqual([size, 144])
    expect(passage.ahead).toBeLessThanOrEqual(MIB / 2)
  })
})
