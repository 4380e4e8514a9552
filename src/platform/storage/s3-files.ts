import { AwsClient } from 'aws4fetch'
import { inParallel } from '../concurrency/parallel.ts'
import type { DirectStore, FileStore, JoinablePart, StoredPart } from './file-store.ts'
import { withFixedLength } from './fixed-length-body.ts'
import { textIn, textsIn } from './s3-xml.ts'

const NOT_FOUND = 404
/** A Worker may have six open connections at a time. */
const MAX_PARALLEL_DELETES = 4
const MAX_TRIES = 3

/** Where the bucket is in an address: before the host's name, or first in the path. */
export type S3Addressing = 'virtual' | 'path'

/** Stores that refuse the bucket in the path: Alibaba OSS, Tencent COS and Volcengine TOS. */
const VIRTUAL_ONLY = /\.(aliyuncs\.com|myqcloud\.com|tencentcos\.cn|i?volces\.com)$/

/** The addressing that a store understands; path-style, unless the store is known to refuse it. */
export function addressingOf(endpoint: string): S3Addressing {
  return VIRTUAL_ONLY.test(new URL(endpoint).hostname) ? 'virtual' : 'path'
}

/** The address of a bucket, without a slash at the end. The endpoint of a virtual host may name the bucket already. */
function bucketURL({ endpoint, bucket, addressing }: S3Settings): string {
  const base = endpoint.replace(/\/+$/, '')
  if (addressing === 'path') return `${base}/${bucket}`
  const host = new URL(base).host
  return host.startsWith(`${bucket}.`) ? base : base.replace('://', `://${bucket}.`)
}

/** A bucket of an S3-compatible store, and its credentials. */
export interface S3Settings {
  endpoint: string
  addressing: S3Addressing
  bucket: string
  region: string
  accessKeyID: string
  secretAccessKey: string
}

/** A file store in an S3-compatible bucket (R2 or any other), which clients can reach directly. */
export function openS3Store(settings: S3Settings): FileStore {
  const s3 = new S3(settings)
  return {
    direct: openDirect(s3),
    put: async (key, body, size, contentType) => {
      const headers = { 'content-type': contentType }
      const response = await withFixedLength(body, size, (sized) => s3.send('PUT', key, {}, headers, sized))
      return tagIn(response)
    },
    beginParts: async (key, contentType) => {
      const response = await s3.call('POST', key, { uploads: '' }, { 'content-type': contentType })
      return textIn(await response.text(), 'UploadId')
    },
    putPart: async (key, uploadID, partNumber, body, size) => {
      const query = { partNumber: String(partNumber), uploadId: uploadID }
      return tagIn(await withFixedLength(body, size, (sized) => s3.send('PUT', key, query, {}, sized)))
    },
    joinParts: (key, uploadID, parts) => join(s3, key, uploadID, parts),
    abandonParts: async (key, uploadID) => {
      await s3.find('DELETE', key, { uploadId: uploadID })
    },
    read: async (key, { offset, length }) => {
      const headers: Record<string, string> = length > 0 ? { range: `bytes=${offset}-${offset + length - 1}` } : {}
      const response = await s3.find('GET', key, {}, headers)
      return response?.body ? response.body.pipeThrough(new FixedLengthStream(length)) : null
    },
    putSmall: async (key, bytes, contentType) => {
      await s3.call('PUT', key, {}, { 'content-type': contentType }, bytes)
    },
    readSmall: async (key) => {
      const response = await s3.find('GET', key)
      return response ? new Uint8Array(await response.arrayBuffer()) : null
    },
    list: async (prefix, limit) => {
      const response = await s3.call('GET', '', { 'list-type': '2', prefix, 'max-keys': String(limit) })
      return textsIn(await response.text(), 'Key')
    },
    delete: async (keys) => {
      await inParallel(keys, MAX_PARALLEL_DELETES, (key) => s3.find('DELETE', key))
    },
  }
}

function openDirect(s3: S3): DirectStore {
  return {
    signPart: (key, uploadID, partNumber, size, seconds) => {
      const query = { partNumber: String(partNumber), uploadId: uploadID }
      return s3.sign('PUT', key, query, seconds, { 'content-length': String(size) })
    },
    signRead: (key, { contentType, disposition }, seconds) => {
      const query = { 'response-content-type': contentType, 'response-content-disposition': disposition }
      return s3.sign('GET', key, query, seconds)
    },
    listParts: (key, uploadID) => listParts(s3, key, uploadID),
    tagOf: (key) => tagOf(s3, key),
  }
}

async function join(s3: S3, key: string, uploadID: string, parts: readonly JoinablePart[]): Promise<string> {
  const list = parts.map(
    ({ partNumber, tag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>"${tag}"</ETag></Part>`,
  )
  const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
  const response = await s3.find('POST', key, { uploadId: uploadID }, {}, body)
  // The store starts its answer before it has joined the parts, so a failure can have the status 200.
  const text = (await response?.text()) ?? ''
  if (text.includes('<CompleteMultipartUploadResult')) return unquoted(textIn(text, 'ETag'))
  // A key exists only after its parts were joined, so an earlier try has joined them.
  const tag = await tagOf(s3, key)
  if (tag === null) throw new Error(`the store did not join the parts of ${key}: ${reasonIn(text)}`)
  return tag
}

async function listParts(s3: S3, key: string, uploadID: string): Promise<StoredPart[] | null> {
  const parts: StoredPart[] = []
  let query: Record<string, string> = { uploadId: uploadID }
  for (;;) {
    const response = await s3.find('GET', key, query)
    if (!response) return null
    const text = await response.text()
    for (const part of textsIn(text, 'Part')) {
      const [partNumber, size] = [Number(textIn(part, 'PartNumber')), Number(textIn(part, 'Size'))]
      parts.push({ partNumber, size, tag: unquoted(textIn(part, 'ETag')) })
    }
    if (textIn(text, 'IsTruncated') !== 'true') return parts
    query = { uploadId: uploadID, 'part-number-marker': textIn(text, 'NextPartNumberMarker') }
  }
}

async function tagOf(s3: S3, key: string): Promise<string | null> {
  const response = await s3.find('HEAD', key)
  return response ? tagIn(response) : null
}

type Query = Readonly<Record<string, string>>

/** Signed requests to one bucket. */
class S3 {
  readonly #client: AwsClient
  readonly #bucket: string

  constructor(settings: S3Settings) {
    const { region, accessKeyID, secretAccessKey } = settings
    const keys = { accessKeyId: accessKeyID, secretAccessKey }
    this.#client = new AwsClient({ ...keys, region, service: 's3', retries: MAX_TRIES - 1 })
    this.#bucket = bucketURL(settings)
  }

  /** A signed address for one request, which must have the given headers. */
  async sign(method: string, key: string, query: Query, seconds: number, headers = {}): Promise<string> {
    const url = this.#url(key, { ...query, 'X-Amz-Expires': String(seconds) })
    const signed = await this.#client.sign(url, { method, headers, aws: { signQuery: true, allHeaders: true } })
    // Some stores do not read a plus sign as a space.
    return signed.url.replaceAll('+', '%20')
  }

  /** Sends a request, with retries while the store is busy. @throws Error when the store refuses */
  async call(method: string, key: string, query: Query = {}, headers = {}, body?: BodyInit): Promise<Response> {
    const response = await this.#fetch(method, key, query, headers, body)
    return response.ok ? response : failed(method, response)
  }

  /** Like `call`, but null when the store answers 404. */
  async find(method: string, key: string, query: Query = {}, headers = {}, body?: BodyInit): Promise<Response | null> {
    const response = await this.#fetch(method, key, query, headers, body)
    if (response.ok) return response
    if (response.status !== NOT_FOUND) return failed(method, response)
    await response.body?.cancel()
    return null
  }

  /** Sends a stream, without retries, because a stream can be read only once. */
  async send(
    method: string,
    key: string,
    query: Query,
    headers: Record<string, string>,
    body: ReadableStream<Uint8Array>,
  ): Promise<Response> {
    const { url, headers: signed } = await this.#client.sign(this.#url(key, query), { method, headers })
    const response = await fetch(url, { method, headers: signed, body })
    return response.ok ? response : failed(method, response)
  }

  #fetch(method: string, key: string, query: Query, headers: object, body?: BodyInit): Promise<Response> {
    const init = { method, headers: { ...headers }, ...(body === undefined ? {} : { body }) }
    return this.#client.fetch(this.#url(key, query), init)
  }

  #url(key: string, query: Query): string {
    const search = new URLSearchParams(query).toString()
    return `${this.#bucket}${key === '' ? '' : `/${key}`}${search === '' ? '' : `?${search}`}`
  }
}

/** The error has only the code and the sentence: the rest of the answer repeats the request, including its signature. */
async function failed(method: string, response: Response): Promise<never> {
  throw new Error(`the store answered ${response.status} to ${method}: ${reasonIn(await response.text())}`)
}

function reasonIn(text: string): string {
  return [textIn(text, 'Code'), textIn(text, 'Message')].filter((part) => part !== '').join(', ')
}

function tagIn(response: Response): string {
  return unquoted(response.headers.get('etag') ?? '')
}

function unquoted(tag: string): string {
  return tag.replace(/^"|"$/g, '')
}
