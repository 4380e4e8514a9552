import { ImError } from '../../protocol/errors.ts'

/**
 * Hands a body on with its length known beforehand, which stores insist on and what a client sends does not always have.
 * @throws ImError 1001 when the body has another length; otherwise what the store throws
 */
export async function withFixedLength<T>(
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
