import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { png, sizeOfPNG } from '../rigs/picture.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

/*
 * The JS SDK reads files with the browser's FileReader, which Node and the threads of the rig lack. So here the SDK runs
 * in this process, with a FileReader that has the parts the SDK uses.
 */

const scene = useScene({ browser: true })

class FileReaderInNode {
  onload: ((event: { target: { result: ArrayBuffer } }) => void) | null = null
  onerror: ((error: unknown) => void) | null = null

  readAsArrayBuffer(blob: Blob): void {
    blob.arrayBuffer().then(
      (result) => this.onload?.({ target: { result } }),
      (error: unknown) => this.onerror?.(error),
    )
  }
}

type Sdk = Record<string, (...args: unknown[]) => Promise<{ data: unknown }>>

const original = { ...globalThis.console }

beforeAll(() => {
  Object.assign(globalThis, { FileReader: FileReaderInNode })
  // The SDK logs every call to the console.
  for (const level of ['info', 'log', 'debug', 'trace'] as const) console[level] = () => {}
})

afterAll(() => {
  Object.assign(globalThis.console, original)
  Reflect.deleteProperty(globalThis, 'FileReader')
})

async function login(userID: string): Promise<Sdk> {
  const { getSDK } = createRequire(import.meta.url)('@openim/client-sdk') as { getSDK: () => Sdk }
  const sdk = getSDK()
  const token = await scene.token(userID, PLATFORM.web)
  const { url: apiAddr, wsUrl: wsAddr } = scene.server
  await sdk.login?.({ userID, token, platformID: PLATFORM.web, wsAddr, apiAddr })
  return sdk
}

const md5 = (data: Uint8Array) => createHash('md5').update(data).digest('hex')

function bytesOf(size: number, seed: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).map((_, i) => (i * 31 + (i >> 8) * seed) & 0xff)
}

describe('an upload', () => {
  it('stores files of one and three parts from the JS SDK, and needs no bytes for known content', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const sdk = await login(aliceID)
    const bob = await scene.js(bobID)
    try {
      for (const size of [5_000, 12_582_912]) {
        const data = bytesOf(size, size)
        const upload = async (name: string) => {
          const answer = await sdk.uploadFile?.({ file: new File([data], name) })
          return z.object({ url: z.string() }).parse(answer?.data).url
        }
        const url = await upload(`holiday ${size}.png`)
        expect(url).toBe(`${scene.server.url}/object/${aliceID}/holiday%20${size}.png`)
        const response = await fetch(url)
        expect(response.headers.get('content-type')).toBe('image/png')
        expect(md5(new Uint8Array(await response.arrayBuffer()))).toBe(md5(data))
        const again = await fetch(await upload(`again ${size}.png`), { headers: { range: 'bytes=0-9' } })
        expect([again.status, new Uint8Array(await again.arrayBuffer())]).toEqual([206, data.subarray(0, 10)])
      }

      const file = new File([png(1280, 100, 9)], 'p.png')
      const picture = { uuid: 'u1', type: 'png', size: file.size, width: 1280, height: 100, url: '' }
      const created = await sdk.createImageMessageByFile?.({
        sourcePicture: picture,
        bigPicture: picture,
        snapshotPicture: picture,
        sourcePath: '',
        file,
      })
      await sdk.sendMessage?.({ recvID: bobID, groupID: '', message: created?.data })
      await expect.poll(async () => (await bob.history(aliceID)).length).toBe(1)
      const [message] = await bob.history(aliceID)
      expect(await snapshotSize(message?.whole)).toEqual([640, 50])
    } finally {
      await sdk.logout?.()
    }
  })

  const Picture = z.object({ url: z.string() })
  const PictureMessage = z.object({ pictureElem: z.object({ sourcePicture: Picture, snapshotPicture: Picture }) })

  /** The size of the preview that a device shows before it loads the whole picture. */
  async function snapshotSize(message: unknown): Promise<[number, number]> {
    const { url } = PictureMessage.parse(message).pictureElem.snapshotPicture
    expect(url).toContain('type=image')
    const response = await fetch(url)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
    return sizeOfPNG(new Uint8Array(await response.arrayBuffer()))
  }

  const fileOf = (data: Uint8Array, name: string, type: string) => ({
    base64: Buffer.from(data).toString('base64'),
    name,
    type,
  })

  it('stores files of one and three parts from the wasm SDK, and a picture that other users see', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const [alice, bob] = [await scene.wasm(aliceID), await scene.js(bobID)]
    for (const size of [5_000, 12_582_912]) {
      const data = bytesOf(size, size + 1)
      const name = `${size}.pdf`
      const asked = {
        name,
        contentType: 'application/pdf',
        uuid: `u${size}`,
        file: fileOf(data, name, 'application/pdf'),
      }
      const { url } = z.object({ url: z.string() }).parse(await alice.call('uploadFile', asked))
      expect(url).toBe(`${scene.server.url}/object/${aliceID}/${name}`)
      const response = await fetch(url)
      expect(response.headers.get('content-type')).toBe('application/pdf')
      expect(md5(new Uint8Array(await response.arrayBuffer()))).toBe(md5(data))
    }

    const data = png(800, 1600, 3)
    const picture = { uuid: 'p1', type: 'image/png', size: data.length, width: 800, height: 1600, url: '' }
    const message = await alice.call('createImageMessageByFile', {
      sourcePicture: picture,
      bigPicture: picture,
      snapshotPicture: picture,
      sourcePath: '',
      file: fileOf(data, 'p1.png', 'image/png'),
    })
    await alice.call('sendMessage', { recvID: bobID, groupID: '', message })
    await expect.poll(async () => (await bob.history(aliceID)).length).toBe(1)
    const [received] = await bob.history(aliceID)
    expect(await snapshotSize(received?.whole)).toEqual([320, 640])

    // Bob reads the picture again, at a URL that is signed for him.
    const { sourcePicture } = PictureMessage.parse(received?.whole).pictureElem
    const name = decodeURI(sourcePicture.url.slice(`${scene.server.url}/object/`.length))
    expect(name.startsWith(`${aliceID}/`)).toBe(true)
    const token = await scene.token(bobID, PLATFORM.ios)
    const access = async (query: object) => {
      const reply = await scene.rest.post('/object/access_url', { name, query }, { token })
      return new URL(z.object({ url: z.string() }).parse(reply.data).url)
    }
    const signed = await access({})
    expect(signed.searchParams.has('signature')).toBe(true)
    const whole = await fetch(signed)
    expect([whole.status, md5(new Uint8Array(await whole.arrayBuffer()))]).toEqual([200, md5(data)])
    const small = await access({ type: 'image', width: '100', height: '100' })
    const thumbnail = await fetch(small)
    expect([thumbnail.status, ...sizeOfPNG(new Uint8Array(await thumbnail.arrayBuffer()))]).toEqual([200, 50, 100])
    small.searchParams.set('width', '800')
    const refused = await fetch(small)
    expect([refused.status, await refused.json()]).toEqual([403, expect.objectContaining({ errCode: 1002 })])
  })
})
