import { z } from 'zod'
import { bool, int32, int64, list, message, str } from '../../runtime/openim-json.ts'
import { MAX_PARTS } from './part-sizes.ts'

const MAX_CONTENT_TYPE = 255
const MAX_CAUSE = 255
const MAX_FORM_ID = 8_192
const MAX_QUERY = 20

const md5 = z
  .string()
  .regex(/^[0-9a-f]{32}$/i, { error: 'an MD5 has 32 hexadecimal digits' })
  .transform((digits) => digits.toLowerCase())
const uploadID = z.string().min(1)
/** A media type; some clients send the file's extension instead. */
const contentType = str().pipe(z.string().max(MAX_CONTENT_TYPE))
const cause = str().pipe(z.string().max(MAX_CAUSE))

export const PartLimitReq = message({})

export const PartSizeReq = message({ size: int64() })

export const InitiateMultipartUploadReq = message(
  {
    hash: md5,
    size: int64(),
    /** Number of parts to sign with this call; negative = all. */
    maxParts: int32(),
    cause,
    name: str(),
    contentType,
  },
  // Fields of OpenIM's request that the server decides.
  ['partSize', 'urlPrefix'],
)

export const AuthSignReq = message({
  uploadID,
  partNumbers: list(z.int().min(1)).pipe(z.array(z.number()).max(MAX_PARTS)),
})

export const CompleteMultipartUploadReq = message({
  uploadID,
  /** The MD5s of all parts, in order. */
  parts: list(md5).pipe(z.array(z.string()).min(1, { error: 'name at least one part' }).max(MAX_PARTS)),
  name: str(),
  contentType,
  cause,
})

export const AccessURLReq = message({
  name: str(),
  query: z
    .record(z.string(), z.string())
    .nullish()
    .transform((given) => given ?? {})
    .refine((given) => Object.keys(given).length <= MAX_QUERY, { error: `a query has at most ${MAX_QUERY} keys` }),
})

export const InitiateFormDataReq = message({
  name: str(),
  size: int64(),
  contentType,
  /** The other calls name this field `cause`. */
  group: cause,
  millisecond: int64(),
  absolute: bool(),
})

export const CompleteFormDataReq = message({ id: z.string().min(1).max(MAX_FORM_ID) })

interface KeyValues {
  key: string
  values: string[]
}

export interface SignedPart {
  partNumber: number
  url: string
  query: KeyValues[] | null
  header: KeyValues[] | null
}

export interface SignedParts {
  url: string
  query: KeyValues[] | null
  header: KeyValues[] | null
  parts: SignedPart[]
}

export interface PartLimit {
  minPartSize: number
  maxPartSize: number
  maxNumSize: number
}

/** A started upload; `upload` is null when the content is stored already. */
export interface InitiatedUpload {
  url: string
  upload: { uploadID: string; partSize: number; expireTime: number; sign: SignedParts } | null
}

export interface InitiatedForm {
  id: string
  url: string
  /** The form field that holds the file. */
  file: string
  header: KeyValues[] | null
  formData: Record<string, string>
  expires: number
  successCodes: number[]
}
