import type { z } from 'zod'
import { ImError } from '../protocol/errors.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { parseRequest } from '../runtime/openim-json.ts'

/** Enough for the largest call, a batch of 1,000 users. Files are not uploaded in JSON bodies. */
const MAX_BODY_BYTES = 1_048_576

const PROTOBUF_TYPES = new Set(['application/protobuf', 'application/x-protobuf'])

/** The format of the request, which the answer uses too. */
type BodyForm = 'json' | 'protobuf'

export interface Body {
  value: unknown
  form: BodyForm
  /** The dotted paths of fields that no schema reads. */
  unknown: readonly string[]
}

/**
 * Reads and validates the request of an endpoint. OpenIM: the content type is ignored, except by endpoints that also
 * accept protobuf.
 * @param strict refuses fields that no schema reads
 * @throws ImError 1001 with the reason
 */
export async function readBody(request: Request, endpoint: Endpoint, strict: boolean): Promise<Body> {
  const bytes = await readBytes(request)
  const form = formOf(request, endpoint)
  const given = form === 'protobuf' && endpoint.protobuf ? endpoint.protobuf.decode(bytes) : parseJson(bytes)
  addQuery(given, request, endpoint)
  const { result, unknown } = parseRequest(endpoint.schema, given)
  if (!result.success) throw ImError.args(sentenceOf(result.error))
  if (strict && unknown.length > 0) throw ImError.args(`${unknown.join(', ')}: this call has no such field`)
  return { value: result.data, form, unknown }
}

/**
 * The operationID in the body, or "". The body can still be read afterwards.
 * @throws ImError 1001 when the body is not a JSON object
 */
export async function operationIDOf(request: Request): Promise<string> {
  const given = Object.entries(parseJson(await readBytes(request.clone())))
  const [, value] = given.find(([key]) => key.toLowerCase() === 'operationid') ?? []
  return typeof value === 'string' ? value : ''
}

function addQuery(given: unknown, request: Request, { quirks }: Endpoint): void {
  if (!quirks?.query) return
  const { searchParams } = new URL(request.url)
  for (const name of quirks.query) (given as Record<string, unknown>)[name] = searchParams.get(name)
}

/** Reads at most the limit, even when the content-length header is wrong or missing. */
async function readBytes(request: Request): Promise<Uint8Array> {
  const tooLarge = () => ImError.args(`the body has more than ${MAX_BODY_BYTES} bytes`)
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  if (!request.body) return new Uint8Array()
  // The runtime enforces the content-length, and reading a body whole is much faster than reading it in parts.
  if (length !== null && /^\d+$/.test(length)) return new Uint8Array(await request.arrayBuffer())
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body as ReadableStream<Uint8Array>) {
    size += part.length
    if (size > MAX_BODY_BYTES) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function formOf(request: Request, endpoint: Endpoint): BodyForm {
  if (!endpoint.protobuf) return 'json'
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (PROTOBUF_TYPES.has(type)) return 'protobuf'
  if (type === '' || type === 'application/json') return 'json'
  throw ImError.args(`content type ${type} is neither JSON nor protobuf`)
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** Escapes that may stand for a lone surrogate or for NUL; no other JSON can contain one of them. */
const UNSAFE_ESCAPE = /\\u(d[89a-f]|0000)/i

function parseJson(bytes: Uint8Array): object {
  if (bytes.length === 0) throw ImError.args('the body is empty; send at least {}')
  let value: unknown
  let text: string
  try {
    text = strictUtf8.decode(bytes)
    // A reviver runs for every value, which takes longer than the parsing itself.
    value = text.includes('idHash') ? JSON.parse(text, exactHash) : JSON.parse(text)
  } catch {
    throw ImError.args('the body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw ImError.args('the body is not a JSON object')
  }
  if (UNSAFE_ESCAPE.test(text)) requireStorable(value, '')
  return value
}

/**
 * Refuses texts that would be read back with other characters: UTF-8 cannot express a lone surrogate, and SQLite's JSON
 * ends a text at NUL.
 * @throws ImError 1001 with the path of the text
 */
function requireStorable(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.isWellFormed() && !value.includes('\0')) return
    throw ImError.args(`${path}: a text has no lone surrogates and no NUL characters`)
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    requireStorable(key, at.toWellFormed().replaceAll('\0', ''))
    requireStorable(inner, at)
  }
}

/** A reviver for `idHash`: the hash uses all 64 bits, which a number cannot hold, so it is parsed from the source text. */
function exactHash(this: unknown, key: string, value: unknown, context?: { source?: string }): unknown {
  if (key !== 'idHash' || typeof value !== 'number' || Number.isSafeInteger(value)) return value
  return /^\d{1,20}$/.test(context?.source ?? '') ? BigInt(context?.source ?? '') : value
}

function sentenceOf(error: z.ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'the request is not valid'
  const where = issue.path.map(String).join('.')
  return where === '' ? issue.message : `${where}: ${issue.message}`
}
