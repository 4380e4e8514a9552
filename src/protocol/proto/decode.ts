import { BinaryReader, type BinaryWriter } from '@bufbuild/protobuf/wire'
import { ImError } from '../errors.ts'

/** A generated codec. */
export interface Codec<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter
  decode(input: BinaryReader | Uint8Array, length?: number): T
}

/**
 * Decodes what a client sent. Stricter than the codec alone, which would repair invalid UTF-8 and stop without a word
 * at a stray end-of-group tag. One thing it cannot see: a nested message that reads past its own length. So the bytes
 * themselves are never to be passed on to other clients, whose Go decoders would refuse the whole frame and, pulling
 * it, never get past it; what is passed on is encoded anew from what was decoded here.
 * @throws ImError 1001 when the bytes are not that message, or hold a 64-bit number beyond 2^53
 */
export function decodePayload<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const reader = new BinaryReader(bytes, decodeUtf8)
  let message: T
  try {
    message = codec.decode(reader)
  } catch {
    throw malformed()
  }
  if (reader.pos !== reader.len) throw malformed()
  return message
}

function malformed(): ImError {
  return ImError.args('the protobuf payload is malformed')
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(bytes: Uint8Array): string {
  return strictUtf8.decode(bytes)
}
