import { ImError } from '../../protocol/errors.ts'

/** Limit for everything before the file: other fields, and the file's own headers. */
const MAX_HEAD_BYTES = 65_536

/** The field that holds the file. */
export const FILE_FIELD = 'file'
const IS_FILE = /^content-disposition:[^\r\n]*;\s*name="?file"?\s*(;|\r|$)/im

/**
 * Reads the file inside a `multipart/form-data` body as a stream. The platform's own form parser would hold the whole
 * body in memory, and files are too large for that. The size of the file is known, so only the bytes before and after
 * the file are searched for the boundary.
 * @throws ImError 1001 when the body is not such a form; the stream fails with 1001 when the file has another size
 */
export async function readFileInForm(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  size: number,
): Promise<ReadableStream<Uint8Array>> {
  const boundary = boundaryOf(contentType)
  const input = new BufferedReader(body.getReader())
  const start = await findFile(input, boundary)
  input.skip(start)
  let remaining = size
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await input.read(remaining)
      remaining -= chunk.length
      controller.enqueue(chunk)
      if (remaining > 0) return
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

/** @returns the offset of the file in the input */
async function findFile(input: BufferedReader, boundary: string): Promise<number> {
  for (;;) {
    const start = startOfFile(input.text(), boundary)
    if (start !== null) return start
    if (input.length > MAX_HEAD_BYTES || !(await input.readMore())) {
      throw ImError.args(`the form has no field ${FILE_FIELD} in its first ${MAX_HEAD_BYTES} bytes`)
    }
  }
}

function startOfFile(text: string, boundary: string): number | null {
  const delimiter = `--${boundary}\r\n`
  let at = text.startsWith(delimiter) ? 0 : nextDelimiter(text, `\r\n${delimiter}`, 0)
  while (at !== null) {
    const end = text.indexOf('\r\n\r\n', at)
    if (end < 0) return null
    if (IS_FILE.test(text.slice(at, end))) return end + 4
    at = nextDelimiter(text, `\r\n${delimiter}`, end + 2)
  }
  return null
}

/** The offset of the next delimiter, after its leading line break; null when the text contains no further one. */
function nextDelimiter(text: string, delimiter: string, from: number): number | null {
  const at = text.indexOf(delimiter, from)
  return at < 0 ? null : at + 2
}

/** A stream reader that buffers bytes until they are consumed. */
class BufferedReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #buffered: Uint8Array = new Uint8Array()

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader
  }

  get length(): number {
    return this.#buffered.length
  }

  /** The buffered bytes, one character per byte. */
  text(): string {
    return Buffer.from(this.#buffered).toString('latin1')
  }

  skip(count: number): void {
    this.#buffered = this.#buffered.subarray(count)
  }

  /** @returns whether there was more to read */
  async readMore(): Promise<boolean> {
    const { done, value } = await this.#reader.read()
    if (done) return false
    this.#buffered = this.#buffered.length === 0 ? value : Buffer.concat([this.#buffered, value])
    return true
  }

  /** Consumes the next bytes: at least 1, at most `max`. */
  async read(max: number): Promise<Uint8Array> {
    while (this.#buffered.length === 0) {
      if (!(await this.readMore())) throw ImError.args('the form ends before the end of the file')
    }
    const chunk = this.#buffered.subarray(0, max)
    this.skip(chunk.length)
    return chunk
  }

  async startsWith(text: string): Promise<boolean> {
    while (this.#buffered.length < text.length && (await this.readMore()));
    return this.text().startsWith(text)
  }

  async close(): Promise<void> {
    await this.#reader.cancel()
  }
}
