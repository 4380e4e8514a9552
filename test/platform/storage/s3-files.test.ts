import { afterEach, describe, expect, it, vi } from 'vitest'
import { addressingOf, openS3Store, type S3Addressing } from '../../../src/platform/storage/s3-files.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('openS3Store', () => {
  it('reports code and sentence of a refusal, but not the signature that the store repeats', async () => {
    const store = openS3Store({
      ...{ endpoint: 'https://s3.example', addressing: 'path', bucket: 'b', region: 'auto' },
      ...{ accessKeyID: 'key-id', secretAccessKey: 'secret' },
    })
    const refusal = `<Error><Code>SignatureDoesNotMatch</Code><Message>The signature is &quot;wrong&quot;.</Message>
<AWSAccessKeyId>key-id</AWSAccessKeyId><SignatureProvided>3f0c9a</SignatureProvided></Error>`
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(refusal, { status: 403 }))
    const error = await store
      .putSmall('key', new Uint8Array(1), 'text/plain')
      .catch((reason: unknown) => String(reason))
    expect(error).toBe('Error: the store answered 403 to PUT: SignatureDoesNotMatch, The signature is "wrong".')
  })
})

describe('the addressing of an S3 store', () => {
  const STORES: [string, S3Addressing, string][] = [
    ['https://oss-cn-hangzhou.aliyuncs.com', 'virtual', 'https://b-1.oss-cn-hangzhou.aliyuncs.com'],
    ['https://b-1.oss-cn-hangzhou.aliyuncs.com', 'virtual', 'https://b-1.oss-cn-hangzhou.aliyuncs.com'],
    ['https://cos.ap-guangzhou.myqcloud.com/', 'virtual', 'https://b-1.cos.ap-guangzhou.myqcloud.com'],
    ['https://tos-s3-cn-beijing.volces.com', 'virtual', 'https://b-1.tos-s3-cn-beijing.volces.com'],
    ['https://0123.r2.cloudflarestorage.com', 'path', 'https://0123.r2.cloudflarestorage.com/b-1'],
    ['https://s3.eu-central-1.amazonaws.com', 'path', 'https://s3.eu-central-1.amazonaws.com/b-1'],
    ['http://127.0.0.1:9000', 'path', 'http://127.0.0.1:9000/b-1'],
    ['https://aliyuncs.com.example', 'path', 'https://aliyuncs.com.example/b-1'],
  ]

  it.each(STORES)('for %s is by default %s', (endpoint, addressing) => {
    expect(addressingOf(endpoint)).toBe(addressing)
  })

  it.each(STORES)('is used for requests to %s (%s) and for signed URLs', async (endpoint, addressing, bucketURL) => {
    const keys = { region: 'auto', accessKeyID: 'key-id', secretAccessKey: 'secret' }
    const store = openS3Store({ endpoint, addressing, bucket: 'b-1', ...keys })
    const urls: string[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      urls.push(new Request(input as Request).url)
      return new Response('<ListBucketResult></ListBucketResult>')
    })
    await store.putSmall('files/1', new Uint8Array(1), 'text/plain')
    await store.list('files/', 10)
    const [put, list] = urls
    expect(put).toBe(`${bucketURL}/files/1`)
    expect(list?.startsWith(`${bucketURL}${addressing === 'virtual' ? '/' : ''}?list-type=2`)).toBe(true)
    const signed = await store.direct?.signRead('files/1', { contentType: 'a/b', disposition: 'inline' }, 60)
    expect(signed?.startsWith(`${bucketURL}/files/1?`)).toBe(true)
    expect(new URL(signed ?? '').searchParams.get('X-Amz-SignedHeaders')).toBe('host')
  })
})
