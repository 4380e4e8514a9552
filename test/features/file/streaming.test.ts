import { beforeAll, describe, expect, it } from 'vitest'
import { register, userToken } from '../../rigs/rig.ts'
import { PART_SIZE, pathOf, requestTo, Uploader } from './rig.ts'

/** Checks that uploads are streamed: the body is produced while it is read, and the bucket pauses after every MiB. */

const CHUNK = 65_536
const MIB = 1_048_576

class StreamProbe {
  produced = 0
  consumed = 0
  /** The most bytes of the body that were read ahead of the bucket during a pause. */
  maxReadAhead = 0
  pauses = 0

  body(size: number, head = '', tail = ''): ReadableStream<Uint8Array> {
    const chunks = Array.from({ length: size / CHUNK }, () => CHUNK)
    const pieces = [head, ...chunks, tail].filter((piece) => piece !== '').values()
    return new ReadableStream({
      pull: (controller) => {
        const { value: piece } = pieces.next()
        if (piece === undefined) return controller.close()
        const bytes = typeof piece === 'number' ? new Uint8Array(piece) : new TextEncoder().encode(piece)
        this.produced += bytes.length
        controller.enqueue(bytes)
      },
    })
  }

  /** Consumes the stream as the bucket does, with pauses. */
  async consume(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const { length } of stream) {
      const isPauseDue = Math.floor((this.consumed + length) / MIB) > Math.floor(this.consumed / MIB)
      this.consumed += length
      if (isPauseDue) await this.#pause()
    }
  }

  /** Pauses until the body is not read any further for 5 turns of the event loop. */
  async #pause(): Promise<void> {
    this.pauses++
    for (let quiet = 0, seen = this.produced; quiet < 5; quiet++) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      if (this.produced !== seen) quiet = 0
      seen = this.produced
    }
    this.maxReadAhead = Math.max(this.maxReadAhead, this.produced - this.consumed)
  }
}

let alice: Uploader

beforeAll(async () => {
  await register('alice')
  alice = new Uploader(await userToken('alice'))
})

describe('streaming of an upload', () => {
  it('reads a part no faster than the bucket consumes it', async () => {
    const hash = '0'.repeat(32)
    const asked = { hash, size: 2 * PART_SIZE, maxParts: -1, name: 'alice/part', contentType: '', cause: '' }
    const { data } = await alice.call('initiate_multipart_upload', asked)
    const probe = new StreamProbe()
    const uploadPart = async (_: number, stream: ReadableStream<Uint8Array>) => {
      await probe.consume(stream)
      return { etag: 'etag' }
    }
    const FILES = { resumeMultipartUpload: () => ({ uploadPart }) } as unknown as R2Bucket
    const init = { method: 'PUT', body: probe.body(PART_SIZE) }
    const response = await requestTo({ FILES }, pathOf(data.upload.sign.parts[0].url), init)
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect([probe.consumed, probe.pauses]).toEqual([PART_SIZE, 5])
    expect(probe.maxReadAhead).toBeLessThanOrEqual(MIB / 2)
  })

  it("reads a form no faster than the bucket consumes it, even when the file exceeds the Worker's memory", async () => {
    const size = 144 * MIB
    const { data } = await alice.call('initiate_form_data', { name: 'alice/form', size, contentType: '', group: '' })
    const probe = new StreamProbe()
    const put = async (_: string, stream: ReadableStream<Uint8Array>) => {
      await probe.consume(stream)
      return { checksums: { md5: new ArrayBuffer(16) } }
    }
    const head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    const init = {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=edge' },
      body: probe.body(size, head, '\r\n--edge--\r\n'),
    }
    const response = await requestTo({ FILES: { put } as unknown as R2Bucket }, pathOf(data.url), init)
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect([probe.consumed, probe.pauses]).toEqual([size, 144])
    expect(probe.maxReadAhead).toBeLessThanOrEqual(MIB / 2)
  })
})
