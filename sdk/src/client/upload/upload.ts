import { newID } from '../connection/socket.ts'
import { ClientFailure, failureFrom } from '../errors.ts'
import type { Rest } from '../rest.ts'
import type { Rows } from '../store/rows.ts'
import { md5 } from './md5.ts'

/** Parts that are signed by one call; signatures live for a day. */
const SIGNED_AT_ONCE = 20
const MAX_TRIES = 3

export interface UploadOptions {
  /** OpenIM's name of the group of files, by which old files are cleared. */
  cause?: string
  onProgress?: (part: number) => void
  signal?: AbortSignal
}

interface KeyValues {
  key: string
  values: string[] | null
}

interface Signed {
  url: string
  query: KeyValues[] | null
  header: KeyValues[] | null
}

interface SignedParts extends Signed {
  parts: (Signed & { partNumber: number })[] | null
}

interface Started {
  uploadID: string
  expireTime: number
  /** The numbers of the parts that the server has. */
  done: number[]
}

/**
 * Uploads a file in parts. An interrupted upload of the same content goes on where it was, after a reload too; content
 * that the server has already is not sent again.
 * @throws ClientFailure, with the reason `cancelled` after the signal
 */
export async function upload(
  { rest, userID, db }: { rest: Rest; userID: string; db: Rows },
  file: Blob,
  fileName: string,
  { cause = 'msg-file', onProgress = () => {}, signal }: UploadOptions = {},
): Promise<{ url: string; size: number; type: string }> {
  const cancelled = () => {
    if (signal?.aborted) throw new ClientFailure('cancelled', `the upload of ${fileName} was cancelled`)
  }
  const { size, type } = file
  const done = (url: string) => {
    onProgress(1)
    return { url, size, type }
  }
  const { size: partSize } = await rest.call<{ size: number }>('/object/part_size', { size })
  const parts: string[] = []
  for (let at = 0; at < size || at === 0; at += partSize) {
    cancelled()
    parts.push(md5(await bytesOf(file, at, partSize)))
  }
  const hash = md5(new TextEncoder().encode(parts.join(',')))
  // A name of its own for each upload: the name of a file is part of its address, and the last file under it wins.
  const name = `${userID}/${newID()}/${fileName.replaceAll(/[/\\]/g, '_').slice(-200) || 'file'}`
  const key = `upload ${hash}`
  const known = await db.get<Started>('state', key)
  let started = known && known.expireTime > Date.now() + 3_600_000 ? known : undefined
  let signed: SignedParts | undefined
  if (!started) {
    const maxParts = Math.min(SIGNED_AT_ONCE, parts.length)
    const request = { hash, size, partSize, maxParts, cause, name, contentType: type }
    const { url, upload: begun } = await rest.call<{
      url: string
      upload: { uploadID: string; expireTime: number; sign: SignedParts } | null
    }>('/object/initiate_multipart_upload', request)
    if (!begun) return done(url)
    started = { uploadID: begun.uploadID, expireTime: begun.expireTime, done: [] }
    signed = begun.sign
    // One part is uploaded again faster than it is resumed.
    if (parts.length > 1) db.put({ table: 'state', key, value: started })
  }
  const { uploadID } = started
  try {
    for (let number = 1; number <= parts.length; number++) {
      if (started.done.includes(number)) continue
      cancelled()
      let part = signed?.parts?.find(({ partNumber }) => partNumber === number)
      if (!part) {
        const last = Math.min(parts.length, number + SIGNED_AT_ONCE - 1)
        const partNumbers = Array.from({ length: last - number + 1 }, (_, i) => number + i)
        signed = await rest.call<SignedParts>('/object/auth_sign', { uploadID, partNumbers })
        part = signed.parts?.find(({ partNumber }) => partNumber === number)
      }
      if (!signed || !part) throw new ClientFailure('server', `the server signed no address for part ${number}`)
      const from = (number - 1) * partSize
      const bytes = file.slice(from, from + partSize)
      const total = Math.max(1, size)
      await putPart(signed, part, bytes, type, (sent) => onProgress(Math.min(1, (from + sent) / total)), signal)
      started = { ...started, done: [...started.done, number] }
      if (parts.length > 1) db.put({ table: 'state', key, value: started })
    }
    const request = { uploadID, parts, name, contentType: type, cause }
    const { url } = await rest.call<{ url: string }>('/object/complete_multipart_upload', request)
    return done(url)
  } catch (error) {
    const failure = failureFrom(error, `the upload of ${fileName}`)
    // A refused upload would be refused again: the next call begins a new one.
    if (failure.reason === 'server') db.put({ table: 'state', key, isDeletion: true })
    throw failure
  } finally {
    if (started.done.length === parts.length) db.put({ table: 'state', key, isDeletion: true })
  }
}

async function bytesOf(file: Blob, at: number, length: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(at, at + length).arrayBuffer())
}

/** Sends one part, and again after a failure of the network. */
async function putPart(
  signed: Signed,
  part: Signed,
  bytes: Blob,
  type: string,
  onSent: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const url = new URL(part.url || signed.url)
  for (const { key, values } of [...(signed.query ?? []), ...(part.query ?? [])]) {
    url.searchParams.delete(key)
    for (const value of values ?? []) url.searchParams.append(key, value)
  }
  const headers = new Headers(type ? { 'content-type': type } : {})
  for (const { key, values } of [...(signed.header ?? []), ...(part.header ?? [])]) {
    headers.delete(key)
    for (const value of values ?? []) headers.append(key, value)
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return await put(url, headers, bytes, onSent, signal)
    } catch (error) {
      if (!(error instanceof ClientFailure) || error.reason !== 'network' || attempt === MAX_TRIES) throw error
    }
  }
}

/** XMLHttpRequest where there is one, because only it reports progress within a part. */
async function put(
  url: URL,
  headers: Headers,
  body: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const failed = (status: number) => {
    const reason = status >= 500 || status === 0 ? 'network' : 'server'
    return new ClientFailure(reason, `the upload of a part failed with HTTP status ${status}`, status)
  }
  const cancelled = () => new ClientFailure('cancelled', 'the upload was cancelled')
  if (typeof XMLHttpRequest === 'undefined') {
    const init = { method: 'PUT', headers, body, ...(signal ? { signal } : {}) }
    const response = await fetch(url, init).catch((error) => {
      throw signal?.aborted ? cancelled() : failureFrom(error, 'the upload of a part')
    })
    if (!response.ok) throw failed(response.status)
    onSent(body.size)
    return
  }
  await new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', url)
    headers.forEach((value, name) => {
      request.setRequestHeader(name, value)
    })
    request.upload.onprogress = ({ loaded }) => onSent(loaded)
    request.onload = () => (request.status >= 200 && request.status < 300 ? resolve() : reject(failed(request.status)))
    request.onerror = () => reject(failed(0))
    request.onabort = () => reject(cancelled())
    const abort = () => request.abort()
    signal?.addEventListener('abort', abort, { once: true })
    request.onloadend = () => signal?.removeEventListener('abort', abort)
    request.send(body)
  })
  onSent(body.size)
}
