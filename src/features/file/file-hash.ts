import { createHash, type Hash } from 'node:crypto'

/** OpenIM's hash of a file: the MD5 of its parts' MD5s in hex, joined with commas. A file of one part has it too. */
export function hashOfParts(partMD5s: readonly string[]): string {
  return createHash('md5').update(partMD5s.join(',')).digest('hex')
}

/** Hashes a stream part by part while the stream is read. */
export class PartHasher {
  readonly #partSize: number
  readonly #md5s: string[] = []
  #hash: Hash = createHash('md5')
  #room: number

  constructor(partSize: number) {
    this.#partSize = partSize
    this.#room = partSize
  }

  /** Returns a stream with the same bytes; reading it computes the hashes. */
  tap(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          this.#update(chunk)
          controller.enqueue(chunk)
        },
      }),
    )
  }

  /** The MD5s of the parts, after the whole stream has been read. */
  finish(): string[] {
    if (this.#room < this.#partSize || this.#md5s.length === 0) this.#closePart()
    return this.#md5s
  }

  #update(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0) {
      const head = rest.subarray(0, this.#room)
      this.#hash.update(head)
      this.#room -= head.length
      rest = rest.subarray(head.length)
      if (this.#room === 0) this.#closePart()
    }
  }

  #closePart(): void {
    this.#md5s.push(this.#hash.digest('hex'))
    this.#hash = createHash('md5')
    this.#room = this.#partSize
  }
}
