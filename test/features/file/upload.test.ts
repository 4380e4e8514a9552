import { beforeAll, describe, expect, it, vi } from 'vitest'
import { adminToken, bindings, post, register, request, until, userToken } from '../../rigs/rig.ts'
import { bytes, bytesOf, get, PART_SIZE, put, splitFile, Uploader } from './rig.ts'

let alice: Uploader
let bob: Uploader

beforeAll(async () => {
  await register('alice', 'bob')
  alice = new Uploader(await userToken('alice'))
  bob = new Uploader(await userToken('bob'))
})

const small = (seed: string) => splitFile(bytes(70_000, seed))
const threeParts = (seed: string) => splitFile(bytes(2 * PART_SIZE + 12_345, seed))
const keysOf = async (prefix: string) => (await bindings.FILES.list({ prefix })).objects.map(({ key }) => key)

describe('part_limit and part_size', () => {
  it('answers the numbers of OpenIM', async () => {
    const { data } = await alice.call('part_limit', {})
    expect(data).toEqual({ minPartSize: PART_SIZE, maxPartSize: 5_368_709_120, maxNumSize: 10_000 })
    expect((await alice.call('part_size', { size: 1 })).data).toEqual({ size: PART_SIZE })
    expect((await alice.call('part_size', { size: 5_000_000_000 })).data).toEqual({ size: PART_SIZE })
  })

  it.each([0, -1, 5_368_709_121])('refuses a file of %i bytes', async (size) => {
    expect(await alice.call('part_size', { size })).toMatchObject({ errCode: 1001 })
    const reply = await alice.initiate(small('sizes'), 'alice/sizes', { size })
    expect(reply).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('byte') })
  })
})

describe('a file of one part', () => {
  it('is readable under its name after initiate, one PUT and complete', async () => {
    const file = small('one part')
    const { data } = await alice.initiate(file, 'alice/one.pdf')
    expect(data.url).toBe('')
    const { uploadID, partSize, expireTime, sign } = data.upload
    expect(partSize).toBe(PART_SIZE)
    expect(expireTime).toBeGreaterThan(Date.now() + 6 * 86_400_000)
    expect(sign).toEqual({
      url: '',
      query: null,
      header: null,
      parts: [{ partNumber: 1, url: expect.stringMatching(/^http:\/\/127\.0\.0\.1\//), query: null, header: null }],
    })
    expect((await put(sign.parts[0].url, file.data, { 'content-type': 'application/pdf' })).status).toBe(200)
    const reply = await alice.complete(uploadID, file, 'alice/one.pdf')
    expect(reply.data).toEqual({ url: 'http://127.0.0.1/object/alice/one.pdf' })
    const response = await get(reply.data.url)
    expect(response.headers.get('content-type')).toBe('application/pdf')
    expect(await bytesOf(response)).toEqual(file.data)
  })

  it('costs a single write to the store', async () => {
    const file = small('single write')
    const { data } = await alice.initiate(file, 'alice/cheap', { maxParts: 0 })
    await put(data.upload.sign.parts[0].url, file.data)
    const [key] = await keysOf(`files/${data.upload.uploadID}`)
    const object = await bindings.FILES.head(key ?? '')
    // The store has an MD5 only of files that were written in one operation.
    expect(object?.checksums.md5).toBeDefined()
    await alice.complete(data.upload.uploadID, file, 'alice/cheap')
    expect(await keysOf(`files/${data.upload.uploadID}`)).toEqual([key])
  })

  it('is refused and not stored when its bytes do not match the announced hash', async () => {
    const file = small('announced')
    const { data } = await alice.initiate(file, 'alice/other')
    const { uploadID, sign } = data.upload
    const response = await put(sign.parts[0].url, small('something else').data)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('hash')
    expect(await keysOf(`files/${uploadID}`)).toEqual([])
    expect(await alice.complete(uploadID, file, 'alice/other')).toMatchObject({
      errCode: 1001,
      errDlt: expect.stringContaining('part 1 of 1'),
    })
    expect((await put(sign.parts[0].url, file.data)).status).toBe(200)
    expect((await alice.complete(uploadID, file, 'alice/other')).errCode).toBe(0)
  })

  it('can be uploaded twice, and cannot be overwritten after completion', async () => {
    const file = small('twice')
    const { data } = await alice.initiate(file, 'alice/twice')
    const { uploadID, sign } = data.upload
    for (const _ of [1, 2]) expect((await put(sign.parts[0].url, file.data)).status).toBe(200)
    expect(await keysOf(`files/${uploadID}`)).toHaveLength(1)
    const { url } = (await alice.complete(uploadID, file, 'alice/twice')).data
    for (const body of [file.data, small('evil').data]) expect((await put(sign.parts[0].url, body)).status).toBe(400)
    expect(await bytesOf(await get(url))).toEqual(file.data)
    expect(await keysOf(`files/${uploadID}`)).toHaveLength(1)
  })
})

describe('a file of three parts', () => {
  it('is stored correctly in whatever order its parts arrive', async () => {
    const file = threeParts('in any order')
    const { data } = await alice.initiate(file, 'alice/three.bin', { cause: 'msg-video' })
    const { uploadID, sign } = data.upload
    expect(sign.parts.map(({ partNumber }: { partNumber: number }) => partNumber)).toEqual([1, 2, 3])
    for (const i of [2, 0, 1]) expect((await put(sign.parts[i].url, file.parts[i])).status).toBe(200)
    const { url } = (await alice.complete(uploadID, file, 'alice/three.bin')).data
    const read = await bytesOf(await get(url))
    expect(splitFile(read as Uint8Array<ArrayBuffer>).hash).toBe(file.hash)
  })

  it('gets the requested number of URLs at once, and the other URLs from auth_sign', async () => {
    const file = threeParts('signed later')
    const { data } = await alice.initiate(file, 'alice/later', { maxParts: 1 })
    const { uploadID, sign } = data.upload
    expect(sign.parts).toHaveLength(1)
    const more = await alice.call('auth_sign', { uploadID, partNumbers: [3, 2] })
    expect(more.data).toMatchObject({ url: '', query: null, header: null })
    expect(more.data.parts.map(({ partNumber }: { partNumber: number }) => partNumber)).toEqual([3, 2])
    expect((await put(more.data.parts[0].url, file.parts[2])).status).toBe(200)
    expect((await alice.call('auth_sign', { uploadID, partNumbers: [4] })).errCode).toBe(1001)
    expect((await alice.call('auth_sign', { uploadID, partNumbers: null })).data.parts).toEqual([])
    expect((await alice.initiate(file, 'alice/later', { maxParts: 0 })).data.upload.sign.parts).toEqual([])
  })

  it('is refused until every part is uploaded with the claimed MD5', async () => {
    const file = threeParts('checked')
    const { data } = await alice.initiate(file, 'alice/checked')
    const { uploadID, sign } = data.upload
    await put(sign.parts[0].url, file.parts[0])
    await put(sign.parts[1].url, bytes(PART_SIZE, 'other bytes of the right size'))
    const complete = () => alice.complete(uploadID, file, 'alice/checked')
    expect(await complete()).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('part 2') })
    await put(sign.parts[1].url, file.parts[1])
    expect(await complete()).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('part 3 of 3') })
    await put(sign.parts[2].url, file.parts[2])
    const [first = '', ...rest] = file.md5s
    for (const parts of [[], rest, [...rest, first], ['nothing']]) {
      expect((await alice.complete(uploadID, file, 'alice/checked', { parts })).errCode).toBe(1001)
    }
    expect((await complete()).errCode).toBe(0)
  })

  it('can be completed repeatedly', async () => {
    const file = threeParts('completed again')
    const { data } = await alice.initiate(file, 'alice/again')
    const { uploadID, sign } = data.upload
    await Promise.all(file.parts.map((part, i) => put(sign.parts[i].url, part)))
    const replies = await Promise.all([1, 2, 3].map(() => alice.complete(uploadID, file, 'alice/again')))
    replies.push(await alice.complete(uploadID, file, 'alice/again'))
    for (const reply of replies) expect(reply).toMatchObject({ errCode: 0, data: { url: replies[0]?.data.url } })
    expect((await bytesOf(await get(replies[0]?.data.url))).length).toBe(file.data.length)
    expect((await put(sign.parts[0].url, file.parts[0])).status).toBe(400)
  })

  it('is refused when a part has another size', async () => {
    const file = threeParts('sizes of parts')
    const { data } = await alice.initiate(file, 'alice/part-sizes')
    const [first, , last] = data.upload.sign.parts
    const tooSmall = await put(first.url, bytes(1_000, 'x'))
    expect(tooSmall.status).toBe(400)
    expect(await tooSmall.text()).toContain(`${PART_SIZE} bytes`)
    expect((await put(last.url, bytes(12_346, 'x'))).status).toBe(400)
    expect((await put(first.url, undefined)).status).toBe(400)
  })
})

describe('a store that fails', () => {
  it('causes HTTP status 500, without details of the store', async () => {
    const file = threeParts('the store fails')
    const { uploadID, sign } = (await alice.initiate(file, 'alice/fails')).data.upload
    const row = await bindings.DB.prepare('SELECT store_upload_id AS id FROM file_upload WHERE upload_id = ?')
      .bind(uploadID)
      .first<{ id: string }>()
    await bindings.FILES.resumeMultipartUpload(`files/${uploadID}`, row?.id ?? '').abort()
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const response = await put(sign.parts[0].url, file.parts[0])
      expect([response.status, await response.text()]).toEqual([500, 'the request could not be completed; try again\n'])
    } finally {
      log.mockRestore()
    }
  })
})

describe('a body without a Content-Length', () => {
  const streamed = (data: Uint8Array) =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(data)
        controller.close()
      },
    }) as unknown as BodyInit

  it.each([12_000, 12_346])('is refused as a part when it has %i bytes', async (size) => {
    const file = threeParts('no length')
    const { data } = await alice.initiate(file, 'alice/no-length')
    const response = await put(data.upload.sign.parts[2].url, streamed(bytes(size, 'x')))
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('12345 bytes')])
  })

  it.each([69_000, 70_001])('is refused as a file when it has %i bytes', async (size) => {
    const { data } = await alice.initiate(small('no length'), 'alice/no-length')
    const response = await put(data.upload.sign.parts[0].url, streamed(bytes(size, 'x')))
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('70000 bytes')])
    expect(await keysOf(`files/${data.upload.uploadID}`)).toEqual([])
  })

  it('is accepted when it has the right size', async () => {
    const file = small('streamed')
    const { data } = await alice.initiate(file, 'alice/streamed')
    expect((await put(data.upload.sign.parts[0].url, streamed(file.data))).status).toBe(200)
  })
})

describe('content that is stored already', () => {
  it('gets a new name without an upload', async () => {
    const file = small('known')
    await alice.upload(file, 'alice/known.pdf')
    const reply = await bob.initiate(file, 'bob/copy.txt', { contentType: 'text/plain' })
    expect(reply.data).toEqual({ url: 'http://127.0.0.1/object/bob/copy.txt', upload: null })
    const response = await get(reply.data.url)
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(await bytesOf(response)).toEqual(file.data)
    expect((await bob.initiate(file, 'bob/liar', { size: 5 })).errCode).toBe(1001)
  })

  it('is stored once when two users upload it at the same time', async () => {
    const file = threeParts('race')
    const uploads = await Promise.all(
      [alice, bob].map(async (user, i) => {
        const name = `${i === 0 ? 'alice' : 'bob'}/race`
        const { data } = await user.initiate(file, name)
        await Promise.all(file.parts.map((part, n) => put(data.upload.sign.parts[n].url, part)))
        return { user, name, uploadID: data.upload.uploadID as string }
      }),
    )
    const replies = await Promise.all(uploads.map(({ user, uploadID, name }) => user.complete(uploadID, file, name)))
    for (const reply of replies) expect((await bytesOf(await get(reply.data.url))).length).toBe(file.data.length)
    await until(async () => {
      const keys = await Promise.all(uploads.map(({ uploadID }) => keysOf(`files/${uploadID}`)))
      return keys.flat().length === 1
    })
  })

  it('completes an upload with missing parts', async () => {
    const file = threeParts('half way')
    const { data } = await bob.initiate(file, 'bob/half')
    await put(data.upload.sign.parts[0].url, file.parts[0])
    await alice.upload(file, 'alice/whole')
    expect((await bob.complete(data.upload.uploadID, file, 'bob/half')).errCode).toBe(0)
    expect((await get('/object/bob/half')).status).toBe(200)
  })
})

describe('a file name', () => {
  it.each([
    '',
    '   ',
    '/alice/x',
    'alice/../bob/x',
    'alice/./x',
    'alice/x/..',
    'alice\\..\\x',
    'alice/a\nb',
    'alice/\ud800',
    `alice/${'ü'.repeat(600)}`,
  ])('is refused when it is %j', async (name) => {
    const file = small('names')
    expect((await alice.initiate(file, name)).errCode).toBe(1001)
    const { data } = await alice.initiate(file, 'alice/fine')
    expect((await alice.complete(data.upload.uploadID, file, name)).errCode).toBe(1001)
  })

  it.each(['bob/x', 'x', 'alice', 'alicia/x', 'ALICE/x'])('is refused for alice when it is %j', async (name) => {
    const file = small('names')
    expect((await alice.initiate(file, name)).errCode).toBe(1002)
    const { data } = await alice.initiate(file, 'alice/fine')
    expect((await alice.complete(data.upload.uploadID, file, name)).errCode).toBe(1002)
  })

  it('is not restricted for administrators', async () => {
    const admin = new Uploader(await adminToken())
    expect(await admin.upload(small('admin'), 'emoji/smile.png')).toBe('http://127.0.0.1/object/emoji/smile.png')
  })

  it.each([
    ['alice/ü b.txt', 'alice/%C3%BC%20b.txt'],
    ['alice/100%.txt', 'alice/100%25.txt'],
    ['alice/100% büro.txt', 'alice/100%25%20b%C3%BCro.txt'],
    ['alice/what?#1.txt', 'alice/what%3F%231.txt'],
    ['alice/%2e%2e/x', 'alice/%252e%252e/x'],
    ['alice/a%20b', 'alice/a%2520b'],
    ['alice//x', 'alice//x'],
    ['alice/x/', 'alice/x/'],
    ['alice/report .txt ', 'alice/report%20.txt%20'],
    ['alice/ report', 'alice/%20report'],
    ['alice/report.', 'alice/report.'],
    ['alice/report...', 'alice/report...'],
    ['alice/ ', 'alice/%20'],
    ['alice/\u00a0\u200b\u202e\ufeff', 'alice/%C2%A0%E2%80%8B%E2%80%AE%EF%BB%BF'],
    ['alice/"<>^`{|}\'&+;=@[]', "alice/%22%3C%3E%5E%60%7B%7C%7D'%26%2B%3B%3D%40%5B%5D"],
    ['alice/\u{1f600}', 'alice/%F0%9F%98%80'],
  ])('is served for %j at /object/%s, as every HTTP client reads the URL', async (name, path) => {
    const file = small(name)
    const url = await alice.upload(file, name)
    expect(url).toBe(`http://127.0.0.1/object/${path}`)
    // Clients trim URLs and parse them; curl refuses a space and sends other characters as they are.
    expect([new URL(url.trim()).href, url]).toEqual([url, expect.stringMatching(/^[\x21-\x7e]+$/)])
    expect(await bytesOf(await get(url))).toEqual(file.data)
    const { data } = await alice.call('access_url', { name })
    expect(await bytesOf(await get(data.url))).toEqual(file.data)
    const known = await alice.initiate(file, name)
    expect(known.data).toEqual({ url, upload: null })
  })

  it('points to the newest file that was given the name', async () => {
    await alice.upload(small('old'), 'alice/moves')
    const newer = small('new')
    const url = await alice.upload(newer, 'alice/moves')
    expect(await bytesOf(await get(url))).toEqual(newer.data)
  })
})

describe('the permissions of an upload', () => {
  it('refuses the upload of another user', async () => {
    const file = threeParts('foreign')
    const { uploadID } = (await alice.initiate(file, 'alice/foreign')).data.upload
    expect((await bob.call('auth_sign', { uploadID, partNumbers: [1] })).errCode).toBe(1002)
    expect((await bob.complete(uploadID, file, 'bob/foreign')).errCode).toBe(1002)
  })

  it('refuses an unknown upload', async () => {
    expect((await alice.call('auth_sign', { uploadID: 'none', partNumbers: [1] })).errCode).toBe(1004)
    expect((await alice.complete('none', small('x'), 'alice/x')).errCode).toBe(1004)
  })

  it('refuses a URL that was changed', async () => {
    const file = threeParts('signatures')
    const { parts } = (await alice.initiate(file, 'alice/signatures')).data.upload.sign
    const [first, second] = parts.map(({ url }: { url: string }) => new URL(url)) as [URL, URL]
    const changes: ((url: URL) => void)[] = [
      (url) => url.searchParams.set('size', '1'),
      (url) => url.searchParams.set('expires', '9999999999999'),
      (url) => url.searchParams.delete('signature'),
      (url) => url.searchParams.set('signature', second.searchParams.get('signature') ?? ''),
      (url) => {
        url.pathname = second.pathname
      },
    ]
    for (const change of changes) {
      const url = new URL(first)
      change(url)
      expect((await put(url.href, file.parts[0])).status).toBe(403)
    }
  })

  it('refuses an expired URL and an expired upload', async () => {
    const file = threeParts('late')
    const { uploadID, sign } = (await alice.initiate(file, 'alice/late')).data.upload
    const later = vi.spyOn(Date, 'now')
    try {
      const now = Date.now()
      later.mockReturnValue(now + 25 * 3_600_000)
      const response = await put(sign.parts[0].url, file.parts[0])
      expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('expired')])
      const fresh = (await alice.call('auth_sign', { uploadID, partNumbers: [1] })).data.parts[0]
      expect((await put(fresh.url, file.parts[0])).status).toBe(200)
      later.mockReturnValue(now + 8 * 86_400_000)
      expect(await alice.call('auth_sign', { uploadID, partNumbers: [1] })).toMatchObject({ errCode: 1001 })
      expect(await alice.complete(uploadID, file, 'alice/late')).toMatchObject({
        errCode: 1001,
        errDlt: expect.stringContaining('expired'),
      })
    } finally {
      later.mockRestore()
    }
  })

  it('refuses a call without a token, and an invalid hash', async () => {
    expect((await post('/object/part_limit', {})).errCode).toBe(1001)
    expect((await alice.initiate(small('x'), 'alice/x', { hash: 'short' })).errCode).toBe(1001)
  })
})

describe('an upload URL', () => {
  const initiate = async (path: string, headers: Record<string, string>) => {
    const file = small(`at ${path}`)
    const body = { hash: file.hash, size: file.data.length, maxParts: -1, name: 'alice/x' }
    const init = { method: 'POST', headers: { operationID: 'op', token: alice.token, ...headers } }
    const response = await request(path, { ...init, body: JSON.stringify(body) })
    return { file, url: ((await response.json()) as Awaited<ReturnType<typeof post>>).data.upload.sign.parts[0].url }
  }

  it('has the prefix /api when the call came under /api', async () => {
    const { file, url } = await initiate('/api/object/initiate_multipart_upload', {})
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1\/api\/object_part\//)
    expect((await put(url, file.data)).status).toBe(200)
  })

  it('has the base URL of the X-Request-Api header', async () => {
    const headers = { 'x-request-api': 'https://im.example.com/api/' }
    const { url } = await initiate('/object/initiate_multipart_upload', headers)
    expect(url).toMatch(/^https:\/\/im\.example\.com\/api\/object_part\//)
    const odd = await initiate('/object/initiate_multipart_upload', { 'x-request-api': 'javascript:alert(1)' })
    expect(odd.url).toMatch(/^http:\/\/127\.0\.0\.1\/object_part\//)
  })
})
