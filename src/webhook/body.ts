import { gunzipSync, gzipSync } from 'node:zlib'

/** A body as D1 keeps it: a row holds two megabytes, and JSON inside JSON grows beyond what came in. */
export function packBody(body: string): Buffer {
  return gzipSync(body)
}

export function unpackBody(packed: Uint8Array): string {
  return gunzipSync(packed).toString('utf8')
}
