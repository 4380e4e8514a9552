import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { DAY_MS } from '../../../src/platform/durations.ts'
import { png } from '../../rigs/picture.ts'
import { adminToken, bindings, post, register, request, userToken } from '../../rigs/rig.ts'
import { bytes, bytesOf, get, pathOf, requestTo, splitFile, Uploader } from './rig.ts'

/** Signed URLs of files, which expire, and deployments where a file needs a signed URL or a token. */

const NAME = 'alice/docs/büro 100% "1".pdf'
const WEEK_MS = 7 * DAY_MS

const file = splitFile(bytes(1_000, 'to be signed'))
const picture = png(400, 200, 21)
let alice: Uploader
let plain: string

beforeAll(async () => {
  await register('alice', 'bob')
  alice = new Uploader(await userToken('alice'))
  plain = await alice.upload(file, NAME)
  await alice.upload(splitFile(bytes(500, 'another')), 'alice/other.pdf')
  await alice.upload(splitFile(picture), 'alice/p.png', { contentType: 'image/png' })
})

async function access(name: string, query: Record<string, string> = {}, by = alice): Promise<URL> {
  const { data, errDlt } = await by.call('access_url', { name, query })
  if (!data) throw new Error(errDlt)
  return new URL(data.url)
}

/** The same URL with a change. */
function changed(url: URL, change: (url: URL) => void): string {
  const other = new URL(url)
  change(other)
  return other.href
}

const refusal = async (response: Response) => {
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  return [response.status, await response.json()]
}
const forged = [403, { errCode: 1002, errMsg: expect.any(String), errDlt: expect.stringContaining('not signed') }]
const expired = [403, { errCode: 1002, errMsg: expect.any(String), errDlt: expect.stringContaining('has expired') }]

describe('access_url', () => {
  it('answers a URL that any client may read for a week', async () => {
    const before = Date.now()
    const { data } = await alice.call('access_url', { name: NAME })
    expect(data.url.startsWith(`${plain}?`)).toBe(true)
    expect(data.expireTime).toBeGreaterThanOrEqual(before + WEEK_MS)
    expect(new URL(data.url).searchParams.get('expires')).toBe(String(data.expireTime))
    const response = await get(data.url)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/pdf'])
    expect(response.headers.get('cache-control')).toBe('public, max-age=600')
    expect(await bytesOf(response)).toEqual(file.data)
  })

  it('answers a URL under /api to a call under /api, which is also valid without /api', async () => {
    const init = {
      method: 'POST',
      headers: { operationID: 'op', token: alice.token },
      body: JSON.stringify({ name: NAME }),
    }
    const { data } = await (await request('/api/object/access_url', init)).json<{ data: { url: string } }>()
    expect(data.url).toMatch(/^http:\/\/127\.0\.0\.1\/api\/object\/alice\//)
    expect((await get(data.url)).status).toBe(200)
    expect((await get(data.url.replace('/api/', '/'))).status).toBe(200)
  })

  it("keeps the caller's query parameters, except the signature and the expiry", async () => {
    const url = await access(NAME, { operationID: 'op', signature: 'mine', expires: '9e15' })
    expect(url.searchParams.get('operationID')).toBe('op')
    expect(url.searchParams.getAll('signature')).toHaveLength(1)
    expect((await get(url.href)).status).toBe(200)
  })

  it('refuses unknown names and unknown types', async () => {
    expect((await alice.call('access_url', { name: 'alice/none' })).errCode).toBe(1004)
    expect((await alice.call('access_url', { name: 'alice/none', query: { type: 'x' } })).errCode).toBe(1001)
  })
})

describe('a signed URL', () => {
  it('serves ranges and answers HEAD', async () => {
    const { href } = await access(NAME)
    const part = await get(href, { range: 'bytes=10-19' })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/1000'])
    expect(await bytesOf(part)).toEqual(file.data.subarray(10, 20))
    expect((await get(href, { 'if-none-match': `"${file.hash}"` })).status).toBe(304)
    const head = await request(pathOf(href), { method: 'HEAD' })
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, `"${file.hash}"`, ''])
  })

  it.each<[string, (url: URL) => void]>([
    ['for another file', (url) => Object.assign(url, { pathname: '/object/alice/other.pdf' })],
    ['for a file that does not exist', (url) => Object.assign(url, { pathname: '/object/alice/none' })],
    [
      'with a later expiry',
      (url) => url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1)),
    ],
    ['without an expiry', (url) => url.searchParams.delete('expires')],
    ['with an expiry that is not a number', (url) => url.searchParams.set('expires', 'never')],
    ['with another signature', (url) => url.searchParams.set('signature', 'A'.repeat(43))],
    ['with an empty signature', (url) => url.searchParams.set('signature', '')],
    ['as a picture', (url) => url.searchParams.set('type', 'image')],
  ])('is refused with 403 %s', async (_how, change) => {
    const url = await access(NAME)
    expect((await get(url.href)).status).toBe(200)
    expect(await refusal(await get(changed(url, change)))).toEqual(forged)
  })

  it.each<[string, (url: URL) => void]>([
    ['wider', (url) => url.searchParams.set('width', '200')],
    ['as the original', (url) => url.searchParams.delete('type')],
    ['without a width', (url) => url.searchParams.delete('width')],
    ['with a height', (url) => url.searchParams.set('height', '5')],
    ['in another format', (url) => url.searchParams.set('format', 'jpeg')],
  ])('is refused with 403 when a signed thumbnail is requested %s', async (_how, change) => {
    const url = await access('alice/p.png', { type: 'image', width: '100' })
    const response = await get(url.href)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(await bytesOf(response)).not.toEqual(picture)
    expect(await refusal(await get(changed(url, change)))).toEqual(forged)
  })

  it('does not accept the signature of an upload URL', async () => {
    const { data } = await alice.initiate(splitFile(bytes(300, 'key')), 'alice/key')
    const { searchParams } = new URL(data.upload.sign.parts[0].url)
    const url = changed(await access(NAME), (other) => {
      for (const name of ['expires', 'signature']) other.searchParams.set(name, searchParams.get(name) ?? '')
    })
    expect(await refusal(await get(url))).toEqual(forged)
  })

  it('is invalid in a deployment with another secret', async () => {
    const { href } = await access(NAME)
    expect((await requestTo({}, pathOf(href))).status).toBe(200)
    const elsewhere = { OPENIM_SECRET: 'another secret of this kind' }
    expect(await refusal(await requestTo(elsewhere, pathOf(href)))).toEqual(forged)
  })

  it('stays valid while the secret that signed it is the previous one', async () => {
    const { href } = await access(NAME)
    const rotated = { OPENIM_SECRET: 'another secret of this kind', OPENIM_SECRET_PREVIOUS: bindings.OPENIM_SECRET }
    expect((await requestTo(rotated, pathOf(href))).status).toBe(200)
  })

  describe('over time', () => {
    let now: number

    beforeEach(() => {
      now = Date.now()
      vi.spyOn(Date, 'now').mockImplementation(() => now)
    })
    afterEach(() => vi.restoreAllMocks())

    it('is cached no longer than its validity, and is refused with HTTP status 403 afterwards', async () => {
      const { href } = await access(NAME)
      now += WEEK_MS - 90_500
      const late = await get(href)
      expect([late.status, late.headers.get('cache-control')]).toEqual([200, 'public, max-age=90'])
      now += 90_500
      const last = await get(href)
      expect([last.status, last.headers.get('cache-control')]).toEqual([200, 'public, max-age=0'])
      now += 1
      expect(await refusal(await get(href))).toEqual(expired)
      expect((await request(pathOf(href), { method: 'HEAD' })).status).toBe(403)
    })

    it('is reported as forged when the URL is both forged and expired', async () => {
      const url = await access(NAME)
      now += WEEK_MS + 1
      expect(await refusal(await get(changed(url, ({ searchParams }) => searchParams.set('width', '1'))))).toEqual(
        forged,
      )
    })
  })
})

describe('a deployment with OPENIM_FILE_ACCESS=signed', () => {
  const closed = { OPENIM_FILE_ACCESS: 'signed' }
  const read = (url: string, headers: Record<string, string> = {}) => requestTo(closed, pathOf(url), { headers })
  const withToken = (token: string) => `${plain}?${new URLSearchParams({ token })}`

  it('refuses an unsigned URL, whether the file exists or not', async () => {
    const needed = [
      403,
      { errCode: 1002, errMsg: expect.any(String), errDlt: expect.stringContaining('header `token`') },
    ]
    for (const url of [plain, `${plain}?type=image`, '/object/alice/none', `/api${pathOf(plain)}`, `${plain}?token=`]) {
      expect(await refusal(await read(url))).toEqual(needed)
    }
    expect((await requestTo(closed, pathOf(plain), { method: 'HEAD' })).status).toBe(403)
  })

  it('serves an unsigned URL with the token of a user, in the header or in the query', async () => {
    const [bob, admin] = [await userToken('bob'), await adminToken()]
    for (const response of [
      await read(plain, { token: bob }),
      await read(withToken(bob)),
      await read(withToken(admin)),
    ]) {
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private, max-age=600'])
      expect(response.headers.get('vary')).toBe('token')
      expect(await bytesOf(response)).toEqual(file.data)
    }
    expect((await read('/object/alice/none', { token: bob })).status).toBe(404)
    expect((await read(plain, { token: bob, range: 'bytes=0-1' })).status).toBe(206)
  })

  it('answers the error code of an invalid token', async () => {
    const bob = await userToken('bob', 2)
    expect((await read(plain, { token: bob })).status).toBe(200)
    await post('/auth/force_logout', { platformID: 2, userID: 'bob' }, await adminToken())
    expect(await refusal(await read(plain, { token: bob }))).toEqual([403, expect.objectContaining({ errCode: 1506 })])
    expect(await refusal(await read(withToken('x')))).toEqual([403, expect.objectContaining({ errCode: 1503 })])
  })

  it('serves signed URLs without a token, and ignores a token in the request', async () => {
    const url = await access(NAME, {}, alice.with(closed))
    const response = await read(url.href)
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'private, max-age=600'])
    const thumbnail = await access('alice/p.png', { type: 'image', width: '50' }, alice.with(closed))
    expect((await read(thumbnail.href)).headers.get('content-type')).toBe('image/png')
    const moved = changed(url, (other) => Object.assign(other, { pathname: '/object/alice/other.pdf' }))
    expect(await refusal(await read(moved, { token: alice.token }))).toEqual(forged)
  })

  it('counts reads with a token against the rate limit of the user', async () => {
    const full = { limit: async () => ({ success: false }) }
    const free = { limit: async () => ({ success: true }) }
    const env = { ...closed, OPENIM_RATE_LIMITS: '1', RATE_LIMIT_IP: free, RATE_LIMIT_USER: full }
    const response = await requestTo(env, pathOf(plain), { headers: { token: alice.token } })
    expect([response.status, (await response.json<{ errCode: number }>()).errCode]).toEqual([429, 429])
    expect(response.headers.get('retry-after')).toBe('60')
    expect((await requestTo(env, pathOf((await access(NAME)).href))).status).toBe(200)
  })

  it('answers the unsigned URL to an upload', async () => {
    const known = await alice.with(closed).initiate(file, 'alice/again.pdf')
    expect(known.data.url).toBe('http://127.0.0.1/object/alice/again.pdf')
  })

  it('redirects to an external store for no longer than the signed URL is valid', async () => {
    const s3 = {
      ...{ OPENIM_S3_ENDPOINT: 'https://store.example', OPENIM_S3_BUCKET: 'b' },
      ...{ OPENIM_S3_ACCESS_KEY_ID: 'k', OPENIM_S3_SECRET_ACCESS_KEY: 's' },
    }
    const secondsOf = (response: Response) =>
      new URL(response.headers.get('location') ?? '').searchParams.get('X-Amz-Expires')
    const { href } = await access(NAME)
    expect((await requestTo({ ...s3, ...closed }, pathOf(plain))).status).toBe(403)
    const redirect = await requestTo({ ...s3, ...closed }, pathOf(href))
    expect([redirect.status, redirect.headers.get('cache-control')]).toEqual([302, 'private, max-age=600'])
    expect(secondsOf(redirect)).toBe('3600')
    const now = vi.spyOn(Date, 'now')
    try {
      now.mockReturnValue(Number(new URL(href).searchParams.get('expires')) - 45_000)
      const late = await requestTo({ ...s3, ...closed }, pathOf(href))
      expect([secondsOf(late), late.headers.get('cache-control')]).toEqual(['45', 'private, max-age=45'])
    } finally {
      now.mockRestore()
    }
    const open = await requestTo(s3, pathOf(plain))
    expect([open.status, open.headers.get('cache-control'), secondsOf(open)]).toEqual([
      302,
      'public, max-age=600',
      '3600',
    ])
    const direct = await access(NAME, {}, alice.with(s3))
    expect([direct.origin, direct.searchParams.get('X-Amz-Expires')]).toEqual(['https://store.example', '604800'])
    const small = await access('alice/p.png', { type: 'image', width: '9' }, alice.with({ ...s3, ...closed }))
    expect([small.origin, small.searchParams.has('signature')]).toEqual(['http://127.0.0.1', true])
  })

  it('follows the setting when the setting changes at run time', async () => {
    const admin = await adminToken()
    const set = (Access: string) =>
      post(
        '/config/set_config',
        { configName: 'openim-rpc-third.yml', data: JSON.stringify({ Object: { Access } }) },
        admin,
      )
    expect((await set('secret')).errCode).toBe(1001)
    expect((await get(plain)).status).toBe(200)
    try {
      expect((await set('signed')).errCode).toBe(0)
      expect((await get(plain)).status).toBe(403)
    } finally {
      await post('/config/reset_config', { configName: 'openim-rpc-third.yml' }, admin)
    }
    expect((await get(plain)).status).toBe(200)
    const other = await requestTo({ OPENIM_FILE_ACCESS: 'closed' }, pathOf(plain))
    expect([other.status, await other.text()]).toEqual([503, expect.stringContaining('OPENIM_FILE_ACCESS')])
  })
})
