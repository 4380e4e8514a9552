import { BinaryReader, type BinaryWriter } from '@bufbuild/protobuf/wire'
import { ImError } from '../errors.ts'

/** A generated codec. */
export interface Codec<T> {
  encode(message: T, writer?: BinaryWriter): BinaryWriter
  decode(input: BinaryReader | Uint8Array, length?: number): T
}

/**
 * Decodes a client's payload. It is stricter than the codec alone, which repairs invalid UTF-8 and silently stops at a
 * stray end-of-group tag. It cannot detect a nested message that reads past its own length. So never forward the bytes
 * themselves: another client's Go decoder would reject the whole frame and, when it pulls the message, fail forever.
 * Encode the decoded message again instead.
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
