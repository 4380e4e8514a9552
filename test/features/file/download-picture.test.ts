import { beforeAll, describe, expect, it, vi } from 'vitest'
import { png } from '../../rigs/picture.ts'
import { bindings, register, request, until, userToken } from '../../rigs/rig.ts'
import { bytes, bytesOf, get, pathOf, splitFile, Uploader } from './rig.ts'

let alice: Uploader

beforeAll(async () => {
  await register('alice')
  alice = new Uploader(await userToken('alice'))
})

const upload = (data: Uint8Array<ArrayBuffer>, name: string, contentType: string) =>
  alice.upload(splitFile(data), `alice/${name}`, { contentType })

const stream = (data: Uint8Array<ArrayBuffer>) => new Blob([data]).stream() as ReadableStream<Uint8Array>

const textBytes = (text: string) => new Uint8Array(Buffer.from(text))

async function jpeg(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const made = await bindings.IMAGES.input(stream(png(width, height))).output({ format: 'image/jpeg' })
  return new Uint8Array(await made.response().arrayBuffer())
}

async function fetchPicture(url: string) {
  const response = await get(url)
  expect(response.status).toBe(200)
  const data = (await bytesOf(response)) as Uint8Array<ArrayBuffer>
  expect(response.headers.get('content-length')).toBe(String(data.length))
  const info = await bindings.IMAGES.info(stream(data))
  if (!('width' in info)) throw new Error('an SVG')
  expect(response.headers.get('content-type')).toBe(info.format)
  return { response, data, type: info.format, width: info.width, height: info.height }
}

const storedThumbnails = async (hash: string) => {
  const { objects } = await bindings.FILES.list({ prefix: `thumbnails/${hash}/` })
  return objects.map(({ key }) => key.split('/').pop())
}

describe('GET with type=image', () => {
  const source = png(1600, 800)
  let url: string

  beforeAll(async () => {
    url = await upload(source, 'large.png', 'image/png')
  })

  it.each([
    ['width=640&height=640', 640, 320],
    ['width=640', 640, 320],
    ['height=100', 200, 100],
    ['width=1024&height=10', 20, 10],
    ['width=nonsense&height=80', 160, 80],
  ])('resizes a picture to fit %s', async (box, width, height) => {
    expect(await fetchPicture(`${url}?type=image&${box}`)).toMatchObject({ width, height, type: 'image/png' })
  })

  it.each(['', '&width=0&height=-5', '&width=1600', '&width=2000&height=2000', '&width=1025&height=10', '&format=png'])(
    'answers the original for the query %j',
    async (box) => {
      const { data, response } = await fetchPicture(`${url}?type=image${box}`)
      expect(data).toEqual(source)
      expect(response.headers.get('content-disposition')).toBe('inline')
    },
  )

  it.each([
    ['jpg', 'image/jpeg'],
    ['JPEG', 'image/jpeg'],
    ['png', 'image/png'],
    ['tiff', 'image/png'],
  ])('converts to the format %s as %s', async (format, type) => {
    expect((await fetchPicture(`${url}?type=image&width=50&format=${format}`)).type).toBe(type)
  })

  it('keeps the type when no format is requested', async () => {
    const photo = await upload(await jpeg(300, 200), 'photo.jpg', 'jpg')
    expect(await fetchPicture(`${photo}?type=image&width=30`)).toMatchObject({
      type: 'image/jpeg',
      width: 30,
      height: 20,
    })
    expect(await fetchPicture(`${photo}?type=image&format=png`)).toMatchObject({
      type: 'image/png',
      width: 300,
      height: 200,
    })
  })

  it('determines the type by the bytes, not by the declared type', async () => {
    const unnamed = await upload(png(90, 90, 1), 'without-extension', '')
    expect(await fetchPicture(`${unnamed}?type=image&width=10`)).toMatchObject({ type: 'image/png', width: 10 })
    const misnamed = await upload(await jpeg(91, 90), 'misnamed.png', 'image/png')
    expect(await fetchPicture(`${misnamed}?type=image`)).toMatchObject({ type: 'image/jpeg', width: 91 })
  })

  it('makes a thumbnail once, with its own ETag', async () => {
    const data = png(400, 400, 2)
    const picture = await upload(data, 'once.png', 'image/png')
    const { response } = await fetchPicture(`${picture}?type=image&width=40`)
    await until(async () => (await storedThumbnails(splitFile(data).hash)).length === 1)
    expect(await storedThumbnails(splitFile(data).hash)).toEqual(['40x400.png'])
    const etag = response.headers.get('etag') ?? ''
    expect(etag).toBe(`"${splitFile(data).hash}-40x400.png"`)
    // A different picture in place of the stored thumbnail proves that the stored one is served.
    const other = png(7, 7)
    await bindings.FILES.put(`thumbnails/${splitFile(data).hash}/40x400.png`, other)
    expect((await fetchPicture(`${picture}?type=image&width=40`)).data).toEqual(other)
    const again = await get(`${picture}?type=image&width=40`, { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('makes at most 16 thumbnails of a picture', async () => {
    const data = png(500, 500, 3)
    const picture = await upload(data, 'sizes.png', 'image/png')
    for (let width = 1; width <= 16; width++) {
      expect((await fetchPicture(`${picture}?type=image&width=${width}`)).width).toBe(width)
      await until(async () => (await storedThumbnails(splitFile(data).hash)).length === width)
    }
    expect((await fetchPicture(`${picture}?type=image&width=17`)).data).toEqual(data)
    expect((await fetchPicture(`${picture}?type=image&width=16`)).width).toBe(16)
    expect(await storedThumbnails(splitFile(data).hash)).toHaveLength(16)
  })

  it('answers HEAD without the bytes', async () => {
    const response = await request(pathOf(`${url}?type=image&width=64`), { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(await response.text()).toBe('')
  })

  it('refuses to resize a picture with too many pixels, but answers the original', async () => {
    const wide = png(12_001, 1)
    const picture = await upload(wide, 'wide.png', 'image/png')
    const response = await get(`${picture}?type=image&width=100`)
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('12001x1 pixels')])
    expect((await fetchPicture(`${picture}?type=image`)).data).toEqual(wide)
  })

  it('refuses a picture with too many bytes', async () => {
    const data = png(60, 60, 4)
    const picture = await upload(data, 'heavy.png', 'image/png')
    await bindings.DB.prepare('UPDATE file_content SET size = 52428801 WHERE hash = ?').bind(splitFile(data).hash).run()
    const response = await get(`${picture}?type=image&width=10`)
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('52428800 bytes')])
  })

  it('answers the original when resizing fails', async () => {
    // The local emulation of Cloudflare Images cannot make GIFs.
    const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      expect((await fetchPicture(`${url}?type=image&width=30&format=gif`)).data).toEqual(source)
    } finally {
      log.mockRestore()
    }
  })
})

describe('GET with type=image of a file that is not a picture', () => {
  it.each<[string, string, Uint8Array<ArrayBuffer>]>([
    ['text.pdf', 'application/pdf', bytes(300, 'pdf')],
    ['drawing.svg', 'image/svg+xml', textBytes('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['drawing', '', textBytes('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['garbage.png', 'image/png', bytes(300, 'garbage')],
    ['tiny', 'image/png', bytes(1, 'tiny')],
    ['video.mp4', 'video/mp4', textBytes('\0\0\0\x18ftypmp42\0\0\0\0')],
    ['unknown', 'application/octet-stream', bytes(300, 'unknown')],
  ])('refuses %s', async (name, contentType, data) => {
    const url = await upload(data, name, contentType)
    for (const box of ['', '&width=10&height=10']) {
      const response = await get(`${url}?type=image${box}`)
      expect([response.status, await response.text()]).toEqual([400, 'the file is not a picture\n'])
    }
    expect((await get(url)).headers.get('content-disposition')).toMatch(/^attachment/)
  })

  it('refuses another value of type', async () => {
    const url = await upload(png(20, 20, 9), 'p.png', 'png')
    const response = await get(`${url}?type=video`)
    expect([response.status, await response.text()]).toEqual([400, 'type must be image or empty\n'])
  })
})

describe('GET with type=image of a broken picture', () => {
  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['image/png', png(30, 30).slice(0, 20)],
    ['image/bmp', textBytes('BM, which Images does not know')],
    ['image/heic', textBytes('\0\0\0\x18ftypheic, cut short')],
    ['image/avif', textBytes('\0\0\0\x18ftypavif, cut short')],
    ['image/webp', textBytes('RIFF0000WEBP, cut short')],
    ['image/gif', textBytes('GIF89a, cut short')],
    ['image/jpeg', new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])],
  ])('answers the original of %s', async (type, data) => {
    const url = await upload(data, `unreadable ${type.replace('/', '-')}`, '')
    for (const box of ['', '&width=5&height=5', '&width=5&format=png']) {
      const response = await get(`${url}?type=image${box}`)
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
      expect(await bytesOf(response)).toEqual(data)
    }
  })
})
