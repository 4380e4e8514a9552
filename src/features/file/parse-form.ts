import { ImError } from '../../protocol/errors.ts'

/** What may stand before the file: other fields, and the file's own headers. */
const MAX_HEAD_BYTES = 65_536

/** The field that holds the file. */
export const FILE_FIELD = 'file'
const IS_FILE = /^content-disposition:[^\r\n]*;\s*name="?file"?\s*(;|\r|$)/im

/**
 * The file inside a `multipart/form-data` body, as a stream: forms are read whole elsewhere, but files are too large
 * for that. As its size is known, only what is around the file has to be searched.
 * @throws ImError 1001 when the body is no such form; the stream fails with it when the file has another size
 */
export async function fileInForm(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  size: number,
): Promise<ReadableStream<Uint8Array>> {
  const boundary = boundaryOf(contentType)
  const input = new Input(body.getReader())
  const start = await findFile(input, boundary)
  input.skip(start)
  let left = size
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await input.take(left)
      left -= chunk.length
      controller.enqueue(chunk)
      if (left > 0) return
      const end = `\r\n--${boundary}`
      if (!(await input.startsWith(end))) throw ImError.args(`the file has more than ${size} bytes`)
      controller.close()
      await input.close()
    },
    cancel: () => input.close(),
  })
}

function boundaryOf(contentType: string): string {
  const [type = '', ...parameters] = contentType.split(';')
  const [, quoted, plain] = /(?:^|;)\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(parameters.join(';')) ?? []
  const boundary = quoted ?? plain
  if (type.trim().toLowerCase() !== 'multipart/form-data' || boundary === undefined) {
    throw ImError.args('the body is not multipart/form-data')
  }
  return boundary
}

/** @returns how far into the input the file begins */
async function findFile(input: Input, boundary: string): Promise<number> {
  for (;;) {
    const start = startOfFile(input.text(), boundary)
    if (start !== null) return start
    if (input.length > MAX_HEAD_BYTES || !(await input.more())) {
      throw ImError.args(`the form has no field ${FILE_FIELD} in its first ${MAX_HEAD_BYTES} bytes`)
    }
  }
}

function startOfFile(text: string, boundary: string): number | null {
  const delimiter = `--${boundary}\r\n`
  let at = text.startsWith(delimiter) ? 0 : after(text, `\r\n${delimiter}`, 0)
  while (at !== null) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) return null
    if (IS_FILE.test(text.slice(at, end))) return end + 4
    at = after(text, `\r\n${delimiter}`, end + 2)
  }
  return null
}

/** Where a delimiter stands, behind its line break. */
function after(text: string, delimiter: string, from: number): number | null {
  const at = text.indexOf(delimiter, from)
  return at < 0 ? null : at + 2
}

/** A stream with as much read ahead as has been asked for. */
class Input {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #ahead: Uint8Array = new Uint8Array()

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader
  }

  get length(): number {
    return this.#ahead.length
  }

  /** One character a byte. */
  text(): string {
    return Buffer.from(this.#ahead).toString('latin1')
  }

  skip(count: number): void {
    this.#ahead = this.#ahead.subarray(count)
  }

  /** @returns whether there was more to read */
  async more(): Promise<boolean> {
    const { done, value } = await this.#reader.read()
    if (done) return false
    this.#ahead = this.#ahead.length === 0 ? value : Buffer.concat([this.#ahead, value])
    return true
  }

  /** What comes next, at least a byte and no more than the given number. */
  async take(max: number): Promise<Uint8Array> {
    while (this.#ahead.length === 0) {
      if (!(await this.more())) throw ImError.args('the form ends before the file does')
    }
    const taken = this.#ahead.subarray(0, max)
    this.skip(taken.length)
    return taken
  }

  async startsWith(text: string): Promise<boolean> {
    while (this.#ahead.length < text.length && (await this.more()));
    return this.text().startsWith(text)
  }

  async close(): Promise<void> {
    await this.#reader.cancel()
  }
}
