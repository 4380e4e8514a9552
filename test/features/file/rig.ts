import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import type { Bindings, Settings } from '../../../src/env.ts'
import { createApp } from '../../../src/http/app.ts'
import { endpoints } from '../../../src/http/endpoints.ts'
import { bindings, post, type ReplyBody, request } from '../../rigs/rig.ts'

/** Test files, and the upload calls of an SDK. */

export const PART_SIZE = 5 * 1024 * 1024

const md5 = (data: Uint8Array | string) => createHash('md5').update(data).digest('hex')

/** Bytes that depend only on the size and the seed. */
export function bytes(size: number, seed: string): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(size)
  const block = createHash('sha512').update(seed).digest()
  for (let i = 0; i < size; i += block.length) data.set(block.subarray(0, Math.min(block.length, size - i)), i)
  new DataView(data.buffer).setUint8(size - 1, 7)
  return data
}

export interface TestFile {
  data: Uint8Array<ArrayBuffer>
  parts: Uint8Array<ArrayBuffer>[]
  md5s: string[]
  hash: string
}

export function splitFile(data: Uint8Array<ArrayBuffer>): TestFile {
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let i = 0; i < data.length; i += PART_SIZE) parts.push(data.subarray(i, i + PART_SIZE))
  const md5s = parts.map((part) => md5(part))
  return { data, parts, md5s, hash: md5(md5s.join(',')) }
}

const app = createApp(endpoints)

/** Sends a request to a deployment with the same data and other settings or bindings. */
export async function requestTo(given: Partial<Bindings>, path: string, init: RequestInit = {}) {
  const ctx = createExecutionContext()
  const response = await app.request(`http://127.0.0.1${path}`, init, { ...bindings, ...given }, ctx)
  await waitOnExecutionContext(ctx)
  return response
}

async function postTo(settings: Settings, path: string, body: unknown, token: string): Promise<ReplyBody> {
  const init = { method: 'POST', headers: { operationID: 'test-operation', token }, body: JSON.stringify(body) }
  return (await requestTo(settings, path, init)).json()
}

export class Uploader {
  readonly token: string
  readonly #settings: Settings | null

  constructor(token: string, settings: Settings | null = null) {
    this.token = token
    this.#settings = settings
  }

  /** The same user in a deployment with other settings. */
  with(settings: Settings): Uploader {
    return new Uploader(this.token, settings)
  }

  call(verb: string, body: unknown): Promise<ReplyBody> {
    const path = `/object/${verb}`
    return this.#settings ? postTo(this.#settings, path, body, this.token) : post(path, body, this.token)
  }

  initiate(file: TestFile, name: string, given: Record<string, unknown> = {}): Promise<ReplyBody> {
    const { hash, data } = file
    const body = { hash, size: data.length, partSize: PART_SIZE, maxParts: -1, cause: '', name }
    return this.call('initiate_multipart_upload', { ...body, contentType: 'application/pdf', ...given })
  }

  complete(uploadID: string, file: TestFile, name: string, given: Record<string, unknown> = {}): Promise<ReplyBody> {
    const body = { uploadID, parts: file.md5s, name, contentType: 'application/pdf', cause: 'msg-file' }
    return this.call('complete_multipart_upload', { ...body, ...given })
  }

  /** Initiates the upload, sends all parts and completes it. */
  async upload(file: TestFile, name: string, given: Record<string, unknown> = {}): Promise<string> {
    const { data } = await this.initiate(file, name, given)
    for (const { partNumber, url } of data.upload.sign.parts) {
      const response = await put(url, file.parts[partNumber - 1])
      if (!response.ok) throw new Error(`part ${partNumber}: ${response.status} ${await response.text()}`)
    }
    const reply = await this.complete(data.upload.uploadID, file, name, given)
    if (reply.errCode !== 0) throw new Error(JSON.stringify(reply))
    return reply.data.url
  }
}

export function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/, '')
}

export function put(url: string, body: BodyInit | undefined, headers: Record<string, string> = {}): Promise<Response> {
  return request(pathOf(url), { method: 'PUT', body: body ?? null, headers })
}

export function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  return request(pathOf(url), { headers })
}

export async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer())
}
