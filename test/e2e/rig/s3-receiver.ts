import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** An S3 bucket with the calls that the service needs; it refuses every request with a wrong signature. */
export class S3Receiver {
  readonly url: string
  /** Requests such as `PUT part 2 of files/…` in order of arrival, each with the status of its answer. */
  readonly log: string[] = []
  readonly objects = new Map<string, StoredObject>()
  readonly uploads = new Map<string, { key: string; contentType: string; parts: Map<number, Part> }>()
  /** Answers ETags that are not the MD5 of a part, as some stores do. */
  opaqueTags = false
  readonly #http
  readonly #bucket: string
  readonly #secrets: Map<string, string>

  static async start(bucket: string, keys: Record<string, string>): Promise<S3Receiver> {
    const http = createServer()
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
    return new S3Receiver(http, bucket, keys)
  }

  private constructor(http: ReturnType<typeof createServer>, bucket: string, keys: Record<string, string>) {
    const address = http.address()
    if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
    this.url = `http://127.0.0.1:${address.port}`
    this.#http = http
    this.#bucket = bucket
    this.#secrets = new Map(Object.entries(keys))
    http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#take(request).then(
        ({ status = 200, headers = {}, body = '' }) => {
          response.writeHead(status, {
            'access-control-allow-origin': '*',
            'content-length': Buffer.byteLength(body),
            ...headers,
          })
          response.end(request.method === 'HEAD' ? undefined : body)
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    })
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((done) => this.#http.close(done))
  }

  async #take(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', this.url)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    if (request.method === 'OPTIONS') return PREFLIGHT
    const key = url.pathname.slice(`/${this.#bucket}/`.length)
    const refusal = this.#refusal(request, url)
    const answer = refusal ?? this.#answer(request, url.searchParams, key, body)
    const part = url.searchParams.get('partNumber')
    this.log.push(`${request.method} ${part ? `part ${part} of ` : ''}${key} ${answer.status ?? 200}`)
    return answer
  }

  #refusal(request: IncomingMessage, url: URL): Answer | null {
    if (!url.pathname.startsWith(`/${this.#bucket}`)) return fault(404, 'NoSuchBucket')
    return signatureFault(request, url, this.#secrets)
  }

  #answer({ method = '', headers }: IncomingMessage, query: URLSearchParams, key: string, body: Buffer): Answer {
    const uploadID = query.get('uploadId')
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID()
      this.uploads.set(id, { key, contentType: headers['content-type'] ?? '', parts: new Map() })
      return xml(
        `<InitiateMultipartUploadResult><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      )
    }
    if (uploadID !== null) return this.#onUpload(method, uploadID, key, query, body)
    if (query.get('list-type') === '2') {
      const keys = [...this.objects.keys()].filter((name) => name.startsWith(query.get('prefix') ?? '')).sort()
      const page = keys.slice(0, Number(query.get('max-keys')))
      return xml(
        `<ListBucketResult>${page.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('')}</ListBucketResult>`,
      )
    }
    if (method === 'PUT') {
      const tag = md5(body).toString('hex')
      this.objects.set(key, { body, tag, contentType: headers['content-type'] ?? '' })
      return { headers: { etag: `"${tag}"` } }
    }
    if (method === 'DELETE') {
      this.objects.delete(key)
      return { status: 204 }
    }
    const object = this.objects.get(key)
    if (!object) return fault(404, 'NoSuchKey')
    return read(object, headers.range, query)
  }

  #onUpload(method: string, uploadID: string, key: string, query: URLSearchParams, body: Buffer): Answer {
    const upload = this.uploads.get(uploadID)
    if (upload?.key !== key) return fault(404, 'NoSuchUpload')
    if (method === 'PUT') {
      const tag = this.opaqueTags ? randomUUID() : md5(body).toString('hex')
      upload.parts.set(Number(query.get('partNumber')), { body, tag })
      return { headers: { etag: `"${tag}"` } }
    }
    if (method === 'GET') return listParts(upload.parts, Number(query.get('part-number-marker') ?? 0))
    this.uploads.delete(uploadID)
    if (method === 'DELETE') return { status: 204 }
    const parts = Array.from(
      body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"([^"]+)"<\/ETag>/g),
      ([, number, tag]) => ({ part: upload.parts.get(Number(number)), tag }),
    )
    const bodies = parts.map(({ part, tag }) => (part?.tag === tag ? part?.body : undefined))
    if (bodies.length === 0 || bodies.some((bytes) => !bytes)) return fault(400, 'InvalidPart')
    const whole = bodies as Buffer[]
    const tag = `${md5(Buffer.concat(whole.map(md5))).toString('hex')}-${whole.length}`
    this.objects.set(key, { body: Buffer.concat(whole), tag, contentType: upload.contentType })
    return xml(
      `<CompleteMultipartUploadResult><Key>${key}</Key><ETag>&quot;${tag}&quot;</ETag></CompleteMultipartUploadResult>`,
    )
  }
}

interface Part {
  body: Buffer
  tag: string
}

interface StoredObject extends Part {
  contentType: string
}

interface Answer {
  status?: number
  headers?: Record<string, string>
  body?: string | Buffer
}

const PARTS_A_PAGE = 2

/** The answer of a bucket's CORS rules to a browser. */
const PREFLIGHT: Answer = {
  status: 204,
  headers: { 'access-control-allow-methods': 'GET, HEAD, PUT', 'access-control-allow-headers': 'content-type' },
}

function listParts(parts: Map<number, Part>, after: number): Answer {
  const rest = [...parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
  const page = rest.slice(0, PARTS_A_PAGE)
  const rows = page.map(
    ([number, { body, tag }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${tag}&quot;</ETag><Size>${body.length}</Size></Part>`,
  )
  const next = `<NextPartNumberMarker>${page.at(-1)?.[0] ?? 0}</NextPartNumberMarker>`
  const more = `<IsTruncated>${rest.length > page.length}</IsTruncated>`
  return xml(
    `<ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${next}${more}${rows.join('')}</ListPartsResult>`,
  )
}

function read({ body, tag, contentType }: StoredObject, range: string | undefined, query: URLSearchParams): Answer {
  const headers: Record<string, string> = {
    etag: `"${tag}"`,
    'content-type': query.get('response-content-type') ?? contentType,
  }
  const disposition = query.get('response-content-disposition')
  if (disposition !== null) headers['content-disposition'] = disposition
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
  if (from === undefined) return { headers, body }
  return { status: 206, headers, body: body.subarray(Number(from), Number(to) + 1) }
}

/**
 * AWS's Signature Version 4, from its published description: in the Authorization header or in the address.
 * @returns null when the request is permitted
 */
function signatureFault(request: IncomingMessage, url: URL, secrets: ReadonlyMap<string, string>): Answer | null {
  const inQuery = url.searchParams.has('X-Amz-Signature')
  const said = inQuery ? fromQuery(url.searchParams) : fromHeader(request)
  if (!said) return fault(403, 'AccessDenied')
  const [keyID = '', day = '', region = '', service = ''] = said.credential.split('/')
  const secret = secrets.get(keyID)
  if (secret === undefined || !said.date.startsWith(day)) return fault(403, 'InvalidAccessKeyId')
  const signedAt = Date.parse(said.date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Date.now() <= signedAt + said.seconds * 1_000)) return fault(403, 'RequestExpired')
  if (!said.headers.includes('host')) return fault(403, 'AccessDenied')
  const query = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
  const pairs = query.map(encodedPair).sort()
  const headers = said.headers.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replace(/ +/g, ' ')}\n`,
  )
  const payload = inQuery ? 'UNSIGNED-PAYLOAD' : String(request.headers['x-amz-content-sha256'])
  const canonical = [request.method, url.pathname, pairs.join('&'), headers.join(''), said.headers.join(';'), payload]
  const scope = `${day}/${region}/${service}/aws4_request`
  const digest = createHash('sha256').update(canonical.join('\n')).digest('hex')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (k, text) => hmac(k, text),
    `AWS4${secret}`,
  )
  const expected = hmac(key, ['AWS4-HMAC-SHA256', said.date, scope, digest].join('\n')).toString('hex')
  return expected === said.signature ? null : fault(403, 'SignatureDoesNotMatch')
}

/** Keeps a plus as a plus. Stores decode it differently, so the service must not send one. */
function encodedPair(pair: string): string {
  const [name = '', value = ''] = pair.split('=')
  return [name, value].map((text) => rfc3986(decodeURIComponent(text))).join('=')
}

function rfc3986(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

function fromQuery(query: URLSearchParams) {
  const get = (name: string) => query.get(`X-Amz-${name}`) ?? ''
  const seconds = Number(get('Expires'))
  if (get('Algorithm') !== 'AWS4-HMAC-SHA256' || !(seconds >= 1 && seconds <= 604_800)) return null
  const headers = get('SignedHeaders').split(';')
  return { credential: get('Credential'), date: get('Date'), headers, signature: get('Signature'), seconds }
}

function fromHeader({ headers }: IncomingMessage) {
  const form = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/
  const [, credential, names, signature] = form.exec(headers.authorization ?? '') ?? []
  if (!credential || !names || !signature) return null
  return { credential, date: String(headers['x-amz-date']), headers: names.split(';'), signature, seconds: 900 }
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const md5 = (body: Buffer) => createHash('md5').update(body).digest()

function xml(body: string): Answer {
  return { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` }
}

function fault(status: number, code: string): Answer {
  return { ...xml(`<Error><Code>${code}</Code></Error>`), status }
}
