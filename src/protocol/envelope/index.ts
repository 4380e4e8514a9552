import { FrameError, FrameTooLarge, type WsRequest, type WsResponse } from './frame.ts'
import { decodeGobRequest, encodeGobResponse } from './gob.ts'
import { gunzip, gzip } from './gzip.ts'
import { decodeJsonRequest, encodeJsonResponse } from './json.ts'

export { FrameError, FrameTooLarge, type WsRequest, type WsResponse }

/**
 * The largest frame that a client may send, before it is inflated. OpenIM: closes the connection for a larger frame.
 */
export const MAX_FRAME_BYTES = 51200

/** The largest inflated frame: twenty times the largest frame. Real texts compress to about a tenth. */
export const MAX_INFLATED_BYTES = 1024 * 1024

type EnvelopeKind = 'json' | 'gob'
export type SdkType = 'js' | 'go'
export type Compression = 'gzip' | 'none'

/** The format of one connection's frames, as its handshake asked for. */
export interface Envelope {
  readonly kind: EnvelopeKind
  readonly compressed: boolean
  /** @throws FrameError with a sentence that says what is wrong with the frame */
  decode(frame: Uint8Array): WsRequest
  encode(response: WsResponse): Uint8Array
}

const ENVELOPES: Readonly<Record<SdkType, Readonly<Record<Compression, Envelope>>>> = {
  js: {
    none: plain('json', decodeJsonRequest, encodeJsonResponse),
    gzip: compressed('json', decodeJsonRequest, encodeJsonResponse),
  },
  go: {
    none: plain('gob', decodeGobRequest, encodeGobResponse),
    gzip: compressed('gob', decodeGobRequest, encodeGobResponse),
  },
}

export function envelopeFor(sdkType: SdkType, compression: Compression): Envelope {
  return ENVELOPES[sdkType][compression]
}

function plain(kind: EnvelopeKind, decode: Envelope['decode'], encode: Envelope['encode']): Envelope {
  return {
    kind,
    compressed: false,
    decode: (frame) => decode(withinLimit(frame)),
    encode,
  }
}

function compressed(kind: EnvelopeKind, decode: Envelope['decode'], encode: Envelope['encode']): Envelope {
  return {
    kind,
    compressed: true,
    decode: (frame) => decode(gunzip(withinLimit(frame), MAX_INFLATED_BYTES)),
    encode: (response) => gzip(encode(response)),
  }
}

/** @throws FrameTooLarge when the frame is larger than a client may send; a text counts as its characters */
export function withinLimit<Frame extends { length: number }>(frame: Frame): Frame {
  if (frame.length <= MAX_FRAME_BYTES) return frame
  throw new FrameTooLarge(`the frame has ${frame.length} bytes, of which ${MAX_FRAME_BYTES} are allowed`)
}
