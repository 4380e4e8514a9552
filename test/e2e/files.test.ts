import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

/*
 * The JS SDK's upload reads files as browsers do, with a FileReader, which Node lacks and a thread of the rig has not.
 * So here the SDK runs in this process, beside a FileReader that does what the SDK needs of one.
 */

const scene = useScene()

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
  // The SDK writes every call to the console.
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

it('the JS SDK uploads a small file and one of three parts, and again without sending them', async () => {
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
      expect(url).toBe(`${scene.server.url}/object/${aliceID}/holiday ${size}.png`)
      const response = await fetch(url)
      expect(response.headers.get('content-type')).toBe('image/png')
      expect(md5(new Uint8Array(await response.arrayBuffer()))).toBe(md5(data))
      const again = await fetch(await upload(`again ${size}.png`), { headers: { range: 'bytes=0-9' } })
      expect([again.status, new Uint8Array(await again.arrayBuffer())]).toEqual([206, data.subarray(0, 10)])
    }

    const file = new File([bytesOf(70, 9)], 'p.png')
    const picture = { uuid: 'u1', type: 'png', size: 70, width: 1, height: 1, url: '' }
    const created = await sdk.createImageMessageByFile?.({
      sourcePicture: picture,
      bigPicture: picture,
      snapshotPicture: picture,
      sourcePath: '',
      file,
    })
    await sdk.sendMessage?.({ recvID: bobID, groupID: '', message: created?.data })
    await expect.poll(async () => (await bob.history(aliceID)).length, { timeout: 10_000 }).toBe(1)
    const [message] = await bob.history(aliceID)
    const Picture = z.object({ pictureElem: z.object({ snapshotPicture: z.object({ url: z.string() }) }) })
    const { snapshotPicture } = Picture.parse(message?.whole).pictureElem
    expect(snapshotPicture.url).toContain('?type=image')
    const response = await fetch(snapshotPicture.url)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
  } finally {
    await sdk.logout?.()
  }
})
