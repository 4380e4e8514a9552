import { gunzipSync, gzipSync } from 'node:zlib'

/** Compresses a body for D1, whose rows hold 2 MB: escaping JSON inside JSON makes it larger than the request was. */
export function packBody(body: string): Buffer {
  return gzipSync(body)
}

export function unpackBody(packed: Uint8Array): string {
  return gunzipSync(packed).toString('utf8')
}
