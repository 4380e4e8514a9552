import { ImError } from '../../protocol/errors.ts'

/**
 * Passes a body to a store as a stream of known length. Stores require the length, and a client's request may lack it.
 * @throws ImError 1001 when the body has another length; otherwise the error of the store
 */
export async function withFixedLength<T>(
  body: ReadableStream<Uint8Array>,
  size: number,
  store: (sized: ReadableStream<Uint8Array>) => Promise<T>,
): Promise<T> {
  const { readable, writable } = new FixedLengthStream(size)
  // A store that fails stops reading. Without the signal the pipe would wait forever.
  const storeFailed = new AbortController()
  const storing = store(readable).catch((error: unknown) => {
    storeFailed.abort(error)
    throw error
  })
  const [sent, stored] = await Promise.allSettled([body.pipeTo(writable, { signal: storeFailed.signal }), storing])
  if (sent.status === 'rejected' && sent.reason instanceof ImError) throw sent.reason
  // Either side may report a wrong length, depending on timing.
  if (isLengthError(sent) || isLengthError(stored)) {
    throw ImError.args(`the body does not have the announced length of ${size} bytes`)
  }
  if (stored.status === 'rejected') throw stored.reason
  if (sent.status === 'rejected') throw sent.reason
  return stored.value
}

/** The runtime has no class for this error, so its message is checked. */
function isLengthError(end: PromiseSettledResult<unknown>): boolean {
  return end.status === 'rejected' && end.reason instanceof Error && end.reason.message.includes('FixedLengthStream')
}
