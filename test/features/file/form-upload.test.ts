import { beforeAll, describe, expect, it, vi } from 'vitest'
import { adminToken, bindings, register, request, userToken } from '../../rigs/rig.ts'
import { bytes, bytesOf, get, PART_SIZE, pathOf, splitFile, Uploader } from './rig.ts'

let alice: Uploader
let bob: Uploader

beforeAll(async () => {
  await register('alice', 'bob')
  alice = new Uploader(await userToken('alice'))
  bob = new Uploader(await userToken('bob'))
})

const initiate = (size: number, given: Record<string, unknown> = {}) =>
  alice.call('initiate_form_data', { name: 'alice/form.txt', size, contentType: 'text/plain', ...given })

function send(url: string, data: Uint8Array<ArrayBuffer>, field = 'file'): Promise<Response> {
  const form = new FormData()
  form.set('note', 'name="file"; not yet')
  form.set(field, new File([data], 'from my disk.txt'))
  form.set('after', 'the file')
  return request(pathOf(url), { method: 'POST', body: form })
}

describe('a form upload', () => {
  it.each([1, 3_000, PART_SIZE + 1])('accepts a file of %i bytes and gives the file its name', async (size) => {
    const data = bytes(size, `form ${size}`)
    const form = (await initiate(size, { group: 'msg-file' })).data
    expect(form).toEqual({
      id: expect.stringMatching(/^[\w-]+$/),
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1\/object_form\//),
      file: 'file',
      header: null,
      formData: {},
      expires: expect.any(Number),
      successCodes: [200],
    })
    expect(await alice.call('complete_form_data', { id: form.id })).toMatchObject({ errCode: 90007 })
    for (const _ of [1, 2]) expect((await send(form.url, data)).status).toBe(200)
    for (const _ of [1, 2]) {
      const reply = await alice.call('complete_form_data', { id: form.id })
      expect(reply.data).toEqual({ url: 'http://127.0.0.1/object/alice/form.txt' })
    }
    const response = await get('/object/alice/form.txt')
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(splitFile((await bytesOf(response)) as Uint8Array<ArrayBuffer>).hash).toBe(splitFile(data).hash)
    // An SDK with the same file does not have to upload it.
    expect((await alice.initiate(splitFile(data), 'alice/same')).data.upload).toBeNull()
    expect((await send(form.url, data)).status).toBe(400)
  })

  it.each([-1, 1])('refuses a file that differs from the announced size by %i', async (more) => {
    const form = (await initiate(1_000)).data
    const response = await send(form.url, bytes(1_000 + more, 'other size'))
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(/bytes|ends before/)])
    expect((await alice.call('complete_form_data', { id: form.id })).errCode).toBe(90007)
    const { uploadID } = JSON.parse(Buffer.from(form.id, 'base64url').toString())
    expect((await bindings.FILES.list({ prefix: `files/${uploadID}` })).objects).toEqual([])
  })

  it('refuses a second file with other content', async () => {
    const { url } = (await initiate(100)).data
    expect((await send(url, bytes(100, 'first'))).status).toBe(200)
    expect((await send(url, bytes(100, 'second'))).status).toBe(400)
  })

  it('requires a form with the file in the field file', async () => {
    const { url } = (await initiate(100)).data
    expect((await send(url, bytes(100, 'x'), 'picture')).status).toBe(400)
    for (const type of ['text/plain', 'multipart/form-data', 'multipart/form-data; boundary=x']) {
      const init = { method: 'POST', body: bytes(100, 'x'), headers: { 'content-type': type } }
      expect((await request(pathOf(url), init)).status).toBe(400)
    }
    const form = { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' } }
    expect((await request(pathOf(url), { ...form, body: bytes(100_000, 'x') })).status).toBe(400)
    expect((await request(pathOf(url), form)).status).toBe(400)
  })

  it('refuses names and uploads of other users', async () => {
    expect((await initiate(10, { name: 'bob/x' })).errCode).toBe(1002)
    expect((await initiate(10, { name: 'alice/../bob/x' })).errCode).toBe(1001)
    expect((await initiate(10, { absolute: true })).errCode).toBe(1002)
    expect((await initiate(0)).errCode).toBe(1001)
    const { id, url } = (await initiate(10)).data
    await send(url, bytes(10, 'x'))
    expect((await bob.call('complete_form_data', { id })).errCode).toBe(1002)
    const stolen = { ...JSON.parse(Buffer.from(id, 'base64url').toString()), name: 'bob/x' }
    const forged = Buffer.from(JSON.stringify(stolen)).toString('base64url')
    expect((await bob.call('complete_form_data', { id: forged })).errCode).toBe(1002)
    expect((await alice.call('complete_form_data', { id: forged })).errCode).toBe(1002)
    expect((await alice.call('complete_form_data', { id: 'nonsense' })).errCode).toBe(1001)
  })

  it('refuses to complete a multipart upload', async () => {
    const file = splitFile(bytes(50, 'in parts'))
    const { uploadID } = (await alice.initiate(file, 'alice/p')).data.upload
    const id = Buffer.from(JSON.stringify({ uploadID, name: 'alice/p', contentType: '', group: '' })).toString('base64')
    expect((await alice.call('complete_form_data', { id })).errCode).toBe(1001)
  })

  it('requires the signed URL, valid for 10 minutes or for the time that an administrator sets', async () => {
    const { url, expires } = (await initiate(10)).data
    expect(expires - Date.now()).toBeLessThanOrEqual(600_000)
    const admin = new Uploader(await adminToken())
    const given = { name: 'x', size: 10, millisecond: 3_600_000, absolute: true }
    expect((await admin.call('initiate_form_data', given)).data.expires - Date.now()).toBeGreaterThan(3_000_000)
    expect((await send(url.replace('size=10', 'size=11'), bytes(11, 'x'))).status).toBe(403)
    const later = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 601_000)
    try {
      expect((await send(url, bytes(10, 'x'))).status).toBe(403)
    } finally {
      later.mockRestore()
    }
  })
})
