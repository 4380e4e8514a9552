import { beforeAll, describe, expect, it } from 'vitest'
import { register, request, userToken } from '../../rigs/rig.ts'
import { bytes, bytesOf, get, pathOf, splitFile, Uploader } from './rig.ts'

const file = splitFile(bytes(1_000, 'to read'))
let alice: Uploader
let url: string

beforeAll(async () => {
  await register('alice')
  alice = new Uploader(await userToken('alice'))
  url = await alice.upload(file, 'alice/docs/büro "1".pdf')
})

describe('GET /object/', () => {
  it('answers the whole file as a download with a sandbox policy', async () => {
    const response = await get(url)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': '1000',
      'cache-control': 'public, max-age=600',
      'accept-ranges': 'bytes',
      etag: `"${file.hash}"`,
      'content-disposition': `attachment; filename="b_ro _1_.pdf"; filename*=UTF-8''b%C3%BCro%20%221%22.pdf`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'access-control-allow-origin': '*',
    })
    expect(await bytesOf(response)).toEqual(file.data)
  })

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=100-', 100, 1000],
    ['bytes=-10', 990, 1000],
    ['bytes=990-5000', 990, 1000],
    ['bytes=-5000', 0, 1000],
  ])('answers the range %s', async (range, from, to) => {
    const response = await get(url, { range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/1000`)
    expect(response.headers.get('content-length')).toBe(String(to - from))
    expect(await bytesOf(response)).toEqual(file.data.subarray(from, to))
  })

  it.each(['bytes=1000-', 'bytes=-0', 'bytes=5000-6000'])('answers 416 for the range %s', async (range) => {
    const response = await get(url, { range })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */1000')
  })

  it.each(['bytes=0-1,5-6', 'lines=1-2', 'bytes=9-3', 'bytes=-', 'nonsense'])('ignores the range %s', async (range) => {
    expect((await get(url, { range })).status).toBe(200)
  })

  it('answers a range with If-Range only when the ETag is the same', async () => {
    const range = 'bytes=0-9'
    expect((await get(url, { range, 'if-range': `"${file.hash}"` })).status).toBe(206)
    expect((await get(url, { range, 'if-range': '"another"' })).status).toBe(200)
  })

  it('answers 304 when If-None-Match contains the ETag', async () => {
    const response = await get(url, { 'if-none-match': `"x", W/"${file.hash}"` })
    expect([response.status, await response.text()]).toEqual([304, ''])
    expect((await get(url, { 'if-none-match': '"x"' })).status).toBe(200)
  })

  it('answers HEAD without the bytes', async () => {
    const response = await request(pathOf(url), { method: 'HEAD' })
    expect([response.status, response.headers.get('etag')]).toEqual([200, `"${file.hash}"`])
    expect(await response.text()).toBe('')
  })

  it.each([
    ['x\r\nset-cookie: a=b', 'application/octet-stream'],
    ['', 'application/octet-stream'],
    ['text/plain; charset=utf-8', 'text/plain; charset=utf-8'],
  ])('serves the declared type %j as %s', async (contentType, expected) => {
    const other = await alice.upload(splitFile(bytes(20, contentType)), 'alice/unknown', { contentType })
    expect((await get(other)).headers.get('content-type')).toBe(expected)
  })

  it.each(['/object/alice/none', '/object/', '/object/alice/docs/', '/object/%', '/object/%00'])(
    'answers 404 for %s',
    async (path) => {
      const response = await get(path)
      expect([response.status, await response.text()]).toEqual([404, 'the file does not exist\n'])
    },
  )

  it('serves files under /api as well', async () => {
    expect((await get(`/api${pathOf(url)}`)).status).toBe(200)
  })
})

describe('CORS of files', () => {
  it.each(['PUT', 'GET'])('allows %s from other origins', async (method) => {
    const headers = {
      origin: 'https://app.example.com',
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,range',
    }
    const path = method === 'PUT' ? '/object_part/x/1' : '/object/alice/x'
    const response = await request(path, { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-methods')).toContain(method)
    expect(response.headers.get('access-control-allow-headers')).toContain('content-type')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('lets a page read every header that it may need', async () => {
    const needed = (response: Response) => response.headers.get('access-control-expose-headers')?.split(', ') ?? []
    const whole = await get(url, { origin: 'https://app.example.com' })
    expect(needed(whole)).toEqual(['accept-ranges', 'content-disposition', 'content-length', 'etag'])
    expect(needed(await get(url, { range: 'bytes=0-1' }))).toContain('content-range')
    expect(needed(await get(url, { range: 'bytes=5000-6000' }))).toEqual(['content-range'])
    const unchanged = await get(url, { 'if-none-match': whole.headers.get('etag') ?? '' })
    expect([unchanged.status, needed(unchanged).includes('etag')]).toEqual([304, true])
    const head = await request(pathOf(url), { method: 'HEAD' })
    expect(needed(head)).toContain('content-disposition')
  })

  it('lets a page read why an upload was refused', async () => {
    const response = await request('/object_part/x/1', { method: 'PUT', body: 'x' })
    expect(response.status).toBe(403)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })
})
