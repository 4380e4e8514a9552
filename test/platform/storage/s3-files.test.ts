import { afterEach, describe, expect, it, vi } from 'vitest'
import { openS3Store } from '../../../src/platform/storage/s3-files.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('openS3Store', () => {
  it('reports code and sentence of a refusal, but not the signature that the store repeats', async () => {
    const store = openS3Store({
      ...{ endpoint: 'https://s3.example', bucket: 'b', region: 'auto' },
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
