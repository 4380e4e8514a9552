import { createHash } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { png, sizeOfPNG } from '../rigs/picture.ts'
import { S3Receiver } from './rig/s3-receiver.ts'
import { useScene } from './rig/scene.ts'

/*
 * Files in an S3 store, which this process plays: it checks every signature by itself and keeps the objects. The bytes
 * of uploads and downloads must go to the store directly and not through the service.
 */

const store = await S3Receiver.start('chat-files', { 'key-of-the-service': 'secret of the service' })
afterAll(() => store.stop())

const scene = useScene({
  browser: true,
  server: {
    env: {
      OPENIM_S3_ENDPOINT: store.url,
      OPENIM_S3_BUCKET: 'chat-files',
      OPENIM_S3_ACCESS_KEY_ID: 'key-of-the-service',
      OPENIM_S3_SECRET_ACCESS_KEY: 'secret of the service',
    },
  },
})

beforeEach(() => {
  store.log.length = 0
  store.opaqueTags = false
})

const PART_SIZE = 5 * 1024 * 1024
const md5 = (data: Uint8Array | string) => createHash('md5').update(data).digest('hex')
const bytesOf = (size: number, seed: number) =>
  new Uint8Array(size).map((_, i) => (i * 29 + (i >> 9) * seed + seed) & 0xff)

const Reply = z.object({ errCode: z.number(), errDlt: z.string(), data: z.unknown() })
const Initiated = z.object({
  upload: z.object({
    uploadID: z.string(),
    sign: z.object({ parts: z.array(z.object({ partNumber: z.number(), url: z.string() })) }),
  }),
})

const Accessed = z.object({ url: z.string(), expireTime: z.number() })

/** The steps of an upload in the order of an SDK. */
class Upload {
  readonly data: Uint8Array<ArrayBuffer>
  readonly parts: Uint8Array<ArrayBuffer>[] = []
  readonly md5s: string[]
  readonly hash: string
  readonly name: string
  readonly #token: string
  uploadID = ''
  urls: string[] = []

  constructor(userID: string, token: string, data: Uint8Array<ArrayBuffer>, name: string) {
    this.name = `${userID}/${name}`
    this.#token = token
    this.data = data
    for (let i = 0; i < data.length; i += PART_SIZE) this.parts.push(data.subarray(i, i + PART_SIZE))
    this.md5s = this.parts.map((part) => md5(part))
    this.hash = md5(this.md5s.join(','))
  }

  static async begin(who: string, data: Uint8Array<ArrayBuffer>, name = 'file.pdf'): Promise<Upload> {
    const [userID] = await scene.users(who)
    const upload = new Upload(userID, await scene.token(userID, 5), data, name)
    const { hash } = upload
    const asked = { hash, size: data.length, maxParts: -1, name: upload.name, contentType: 'application/pdf' }
    const { data: answer } = await upload.call('initiate_multipart_upload', asked)
    const { uploadID, sign } = Initiated.parse(answer).upload
    upload.uploadID = uploadID
    upload.urls = sign.parts.map(({ url }) => url)
    return upload
  }

  async call(verb: string, body: object) {
    return Reply.partial({ data: true }).parse(await scene.rest.post(`/object/${verb}`, body, { token: this.#token }))
  }

  async put(partNumber: number, body = this.parts[partNumber - 1]): Promise<number> {
    const url = this.urls[partNumber - 1] ?? ''
    return (await fetch(url, { method: 'PUT', body: body ?? null, headers: { 'content-type': 'application/pdf' } }))
      .status
  }

  async putAll(): Promise<void> {
    for (const [i] of this.parts.entries()) expect(await this.put(i + 1)).toBe(200)
  }

  complete() {
    const { uploadID, md5s: parts, name } = this
    return this.call('complete_multipart_upload', { uploadID, parts, name, contentType: 'application/pdf' })
  }

  get url(): string {
    return `${scene.server.url}/object/${this.name.split('/').map(encodeURIComponent).join('/')}`
  }
}

describe('an upload to an S3 store', () => {
  it.each([
    [4_000, false],
    [PART_SIZE * 2 + 77, false],
    [PART_SIZE * 2 + 78, true],
  ])('sends and reads %i bytes at the store directly (ETags without MD5: %s)', async (size, opaque) => {
    store.opaqueTags = opaque
    const upload = await Upload.begin('alice', bytesOf(size, 3), 'my file.pdf')
    for (const url of upload.urls) expect(url.startsWith(`${store.url}/chat-files/files/`)).toBe(true)
    await upload.putAll()
    for (const _ of [1, 2]) expect((await upload.complete()).data).toEqual({ url: upload.url })
    expect(store.uploads.size).toBe(0)

    const redirect = await fetch(upload.url, { redirect: 'manual' })
    expect([redirect.status, await redirect.text()]).toEqual([302, ''])
    expect(redirect.headers.get('location')).toMatch(`${store.url}/chat-files/files/`)
    const response = await fetch(upload.url)
    expect(response.headers.get('content-type')).toBe('application/pdf')
    expect(response.headers.get('content-disposition')).toBe(
      `attachment; filename="my file.pdf"; filename*=UTF-8''my%20file.pdf`,
    )
    expect(md5(new Uint8Array(await response.arrayBuffer()))).toBe(md5(upload.data))
    const stretch = await fetch(upload.url, { headers: { range: 'bytes=5-9' } })
    expect([stretch.status, new Uint8Array(await stretch.arrayBuffer())]).toEqual([206, upload.data.subarray(5, 10)])
    const known = await fetch(upload.url, { headers: { 'if-none-match': `"${upload.hash}"` }, redirect: 'manual' })
    expect(known.status).toBe(304)
    const head = await fetch(upload.url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(size)])
  })

  it('is read from the store for a week, and from the service when the file is a picture', async () => {
    const upload = await Upload.begin('alice', bytesOf(3_000, 7))
    await upload.putAll()
    await upload.complete()
    const access = async (query: object) =>
      Accessed.parse((await upload.call('access_url', { name: upload.name, query })).data)
    const { url, expireTime } = await access({})
    expect(url).toMatch(`${store.url}/chat-files/files/`)
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe(String(7 * 24 * 3_600))
    expect(expireTime).toBeGreaterThan(Date.now() + 6 * 24 * 3_600_000)
    const response = await fetch(url)
    expect(md5(new Uint8Array(await response.arrayBuffer()))).toBe(md5(upload.data))
    expect((await fetch(url.replace('X-Amz-Expires=604800', 'X-Amz-Expires=604799'))).status).toBe(403)
    expect((await access({ type: 'image' })).url).toMatch(`${upload.url}?type=image&expires=`)
  })

  it('signs each URL for one part, its size and a limited time', async () => {
    const upload = await Upload.begin('alice', bytesOf(PART_SIZE + 10, 5))
    const [first = '', second = ''] = upload.urls
    const query = new URL(first).searchParams
    expect([query.get('X-Amz-Expires'), query.get('X-Amz-SignedHeaders')]).toEqual(['86400', 'content-length;host'])
    expect(await upload.put(1, bytesOf(PART_SIZE - 1, 5))).toBe(403)
    expect(await upload.put(2, bytesOf(11, 5))).toBe(403)
    for (const [name, value] of [
      ['partNumber', '2'],
      ['uploadId', 'another'],
      ['X-Amz-Expires', '604800'],
      ['X-Amz-Date', '20200101T000000Z'],
      ['X-Amz-Signature', new URL(second).searchParams.get('X-Amz-Signature') ?? ''],
    ] as const) {
      const changed = new URL(first)
      changed.searchParams.set(name, value)
      expect((await fetch(changed, { method: 'PUT', body: upload.parts[0] ?? null })).status).toBe(403)
    }
    const { data } = await upload.call('auth_sign', { uploadID: upload.uploadID, partNumbers: [2] })
    const [fresh] = Initiated.shape.upload.shape.sign.parse(data).parts
    expect((await fetch(fresh?.url ?? '', { method: 'PUT', body: upload.parts[1] ?? null })).status).toBe(200)
  })

  it('is completed only when every part has arrived with the claimed MD5', async () => {
    const upload = await Upload.begin('alice', bytesOf(PART_SIZE * 2 + 10, 7))
    expect((await upload.complete()).errDlt).toContain('part 1 of 3 has not been uploaded')
    await upload.put(1)
    await upload.put(2, bytesOf(PART_SIZE, 99))
    await upload.put(3)
    expect(await upload.complete()).toMatchObject({ errCode: 1001, errDlt: 'part 2 arrived with another MD5' })
    await upload.put(2)
    expect((await upload.complete()).errCode).toBe(0)
    // After the completion, the URL of a part is no longer valid.
    expect(await upload.put(2, bytesOf(PART_SIZE, 99))).toBe(404)
    expect(md5(new Uint8Array(await (await fetch(upload.url)).arrayBuffer()))).toBe(md5(upload.data))
  })

  it('is deleted when its bytes differ from the claimed hash, even if the store reports no MD5 of a part', async () => {
    store.opaqueTags = true
    const upload = await Upload.begin('alice', bytesOf(PART_SIZE + 10, 11))
    await upload.put(1)
    await upload.put(2, bytesOf(10, 98))
    expect(await upload.complete()).toMatchObject({
      errCode: 1001,
      errDlt: expect.stringContaining('start the upload'),
    })
    await expect.poll(() => store.log.at(-1)).toMatch(`DELETE files/${upload.uploadID} 204`)
    expect((await fetch(upload.url)).status).toBe(404)
    expect((await upload.complete()).errCode).toBe(1001)
    const again = await Upload.begin('bob', upload.data)
    await again.putAll()
    expect((await again.complete()).errCode).toBe(0)
  })

  it('is completed when an earlier completion stopped after the store had joined the parts', async () => {
    const upload = await Upload.begin('alice', bytesOf(PART_SIZE + 10, 13))
    await upload.putAll()
    const [id, joined] = [...store.uploads].at(-1) ?? []
    if (!id || !joined) throw new Error('no upload in the store')
    const tag = `${md5(Buffer.concat(upload.md5s.map((part) => Buffer.from(part, 'hex'))))}-2`
    store.objects.set(joined.key, { body: Buffer.from(upload.data), tag, contentType: '' })
    store.uploads.delete(id)
    expect((await upload.complete()).errCode).toBe(0)
  })

  it('leaves nothing in the store when another user uploaded the same content first', async () => {
    const data = bytesOf(PART_SIZE + 10, 17)
    const [first, second] = [await Upload.begin('alice', data), await Upload.begin('bob', data)]
    await first.putAll()
    await second.put(1)
    expect((await first.complete()).errCode).toBe(0)
    expect((await second.complete()).errCode).toBe(0)
    await expect.poll(() => [...store.uploads.values()].some(({ key }) => key.endsWith(second.uploadID))).toBe(false)
    expect(md5(new Uint8Array(await (await fetch(second.url)).arrayBuffer()))).toBe(md5(data))
  })
})

describe('an S3 store', () => {
  it('makes the service ready when the store accepts its keys', async () => {
    const state = await (await fetch(`${scene.server.url}/readyz`)).json()
    expect(state).toMatchObject({ ready: true, parts: { files: 'ok' } })
    expect(store.log.join('\n')).toContain('readiness-probe')
  })

  it('receives an uploaded form through the service', async () => {
    const [aliceID] = await scene.users('alice')
    const token = await scene.token(aliceID, 5)
    const data = bytesOf(9_000, 19)
    const call = async (verb: string, body: object) => (await scene.rest.post(`/object/${verb}`, body, { token })).data
    const asked = { name: `${aliceID}/form.txt`, size: data.length, contentType: 'text/plain', group: '' }
    const { id, url } = z.object({ id: z.string(), url: z.string() }).parse(await call('initiate_form_data', asked))
    const form = new FormData()
    form.set('file', new File([data], 'x'))
    expect((await fetch(url, { method: 'POST', body: form })).status).toBe(200)
    const { url: file } = z.object({ url: z.string() }).parse(await call('complete_form_data', { id }))
    expect(new Uint8Array(await (await fetch(file)).arrayBuffer())).toEqual(data)
  })

  it('stores uploads of the wasm SDK and the thumbnails of its pictures', async () => {
    const [aliceID] = await scene.users('alice')
    const alice = await scene.wasm(aliceID)
    for (const data of [png(900, 300), bytesOf(PART_SIZE * 2 + 5, 23)]) {
      const name = `${data.length}.png`
      const file = { base64: Buffer.from(data).toString('base64'), name, type: 'image/png' }
      const asked = { name, contentType: 'image/png', uuid: name, file }
      const { url } = z.object({ url: z.string() }).parse(await alice.call('uploadFile', asked))
      expect(md5(new Uint8Array(await (await fetch(url)).arrayBuffer()))).toBe(md5(data))
      if (data.length > PART_SIZE) continue
      for (const _ of [1, 2]) {
        const response = await fetch(`${url}?type=image&width=90&height=90`)
        expect([response.status, response.url.startsWith(scene.server.url)]).toEqual([200, true])
        expect(sizeOfPNG(new Uint8Array(await response.arrayBuffer()))).toEqual([90, 30])
        await expect.poll(() => [...store.objects.keys()].filter((key) => key.startsWith('thumbnails/')).length).toBe(1)
      }
    }
    expect(store.log.filter((line) => / 4\d\d$/.test(line) && !line.includes('thumbnails'))).toEqual([])
  })
})
