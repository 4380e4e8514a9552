import { beforeAll, describe, expect, it } from 'vitest'
import { png } from '../../rigs/picture.ts'
import { adminToken, bindings, register, userToken } from '../../rigs/rig.ts'
import { bytes, put, splitFile, Uploader } from './rig.ts'

let alice: Uploader

beforeAll(async () => {
  await register('alice', 'bob')
  alice = new Uploader(await userToken('alice'))
})

const MB = 1_048_576
let nextFile = 0
const fresh = (size = 100) => splitFile(bytes(size, `limits ${nextFile++}`))

describe('a deployment that allows only pictures and PDFs', () => {
  const here = () => alice.with({ OPENIM_FILE_TYPES: 'image/*, application/pdf, !image/svg+xml' })

  it.each([
    ['image/png', 'alice/p.png'],
    ['IMAGE/JPEG', 'alice/p'],
    ['png', 'alice/p'],
    ['', 'alice/p.PDF'],
    ['application/pdf; charset=utf-8', 'alice/p.pdf'],
  ])('accepts the type %j with the name %s', async (contentType, name) => {
    expect((await here().initiate(fresh(), name, { contentType })).errCode).toBe(0)
  })

  it.each([
    ['application/zip', 'alice/p.zip', 'application/zip'],
    ['image/svg+xml', 'alice/p.svg', 'image/svg+xml'],
    ['', 'alice/unknown', 'application/octet-stream'],
    // The extension counts too: receivers open a file by its extension.
    ['image/png', 'alice/p.html', 'text/html'],
    ['text/html', 'alice/p.png', 'text/html'],
  ])('refuses the type %j with the name %s', async (contentType, name, type) => {
    const refusal = { errCode: 1001, errDlt: `files of the type ${type} are not allowed` }
    expect(await here().initiate(fresh(), name, { contentType })).toMatchObject(refusal)
    const form = { name, size: 10, contentType, group: '' }
    expect(await here().call('initiate_form_data', form)).toMatchObject(refusal)
  })

  it('checks type and name again when the upload is completed', async () => {
    const file = fresh()
    const { uploadID, sign } = (await here().initiate(file, 'alice/p.png', { contentType: 'image/png' })).data.upload
    await put(sign.parts[0].url, file.data)
    const late = await here().complete(uploadID, file, 'alice/p.html', { contentType: 'image/png' })
    expect(late).toMatchObject({ errCode: 1001, errDlt: expect.stringContaining('text/html') })
    expect((await here().complete(uploadID, file, 'alice/p.png', { contentType: 'text/html' })).errCode).toBe(1001)
    expect((await here().complete(uploadID, file, 'alice/p.png', { contentType: 'image/png' })).errCode).toBe(0)

    const form = { name: 'alice/f.png', size: 10, contentType: 'image/png', group: '' }
    const { id } = (await here().call('initiate_form_data', form)).data
    const changed = { ...JSON.parse(Buffer.from(id, 'base64url').toString()), contentType: 'text/html' }
    const forged = Buffer.from(JSON.stringify(changed)).toString('base64url')
    expect((await here().call('complete_form_data', { id: forged })).errCode).toBe(1001)
  })

  it('refuses a name of a refused type for stored content', async () => {
    const file = fresh()
    await alice.upload(file, 'alice/anything.zip', { contentType: 'application/zip' })
    expect((await here().initiate(file, 'alice/again.zip', { contentType: 'application/zip' })).errCode).toBe(1001)
  })
})

describe('a deployment with OPENIM_FILE_GROUPS', () => {
  it('accepts only files of the allowed groups', async () => {
    const here = alice.with({ OPENIM_FILE_GROUPS: 'msg-picture,!sdklog' })
    expect((await here.initiate(fresh(), 'alice/x', { cause: 'msg-picture' })).errCode).toBe(0)
    for (const cause of ['sdklog', 'msg-video', '']) {
      expect(await here.initiate(fresh(), 'alice/x', { cause })).toMatchObject({
        errCode: 1001,
        errDlt: `files of the group "${cause}" are not allowed`,
      })
    }
  })
})

describe('OPENIM_FILE_LIMITS', () => {
  const here = () => alice.with({ OPENIM_FILE_LIMITS: '{"image/*":1,"msg-voice":0.001}' })

  it.each([
    ['image/png', '', MB, 0],
    ['image/png', '', MB + 1, 1001],
    ['application/pdf', '', MB + 1, 0],
    ['audio/mpeg', 'msg-voice', 1_048, 0],
    ['audio/mpeg', 'msg-voice', 1_049, 1001],
  ])('answers the type %s, group %j and %i bytes with errCode %i', async (contentType, cause, size, errCode) => {
    const reply = await here().initiate(fresh(), 'alice/x', { contentType, cause, size })
    expect(reply.errCode).toBe(errCode)
    if (errCode !== 0)
      expect(reply.errDlt).toMatch(/^a file of (image\/\*|msg-voice) must have at most [\d.]+ bytes, not/)
  })

  it('applies to form uploads, and again when an upload is completed', async () => {
    const form = { name: 'alice/x', size: 2_000, contentType: 'audio/mpeg', group: 'msg-voice' }
    expect((await here().call('initiate_form_data', form)).errCode).toBe(1001)
    const file = fresh(2_000)
    const { uploadID } = (await here().initiate(file, 'alice/x')).data.upload
    expect((await here().complete(uploadID, file, 'alice/x', { cause: 'msg-voice' })).errCode).toBe(1001)
  })
})

describe('OPENIM_MAX_OPEN_UPLOADS', () => {
  it('limits the open uploads of a user until one is completed', async () => {
    const bob = new Uploader(await userToken('bob'), { OPENIM_MAX_OPEN_UPLOADS: '3' })
    const files = [fresh(), fresh(), fresh()]
    const uploads = []
    for (const file of files) uploads.push((await bob.initiate(file, 'bob/x')).data.upload)
    const refusal = { errCode: 429, errDlt: expect.stringContaining('you have 3 open uploads') }
    expect(await bob.initiate(fresh(), 'bob/x')).toMatchObject(refusal)
    const form = { name: 'bob/f', size: 10, contentType: '', group: '' }
    expect(await bob.call('initiate_form_data', form)).toMatchObject(refusal)
    // The limit counts each user's own uploads. A known content needs no upload.
    expect((await alice.with({ OPENIM_MAX_OPEN_UPLOADS: '3' }).initiate(fresh(), 'alice/x')).errCode).toBe(429)
    const known = splitFile(png(5, 5))
    await new Uploader(await adminToken()).upload(known, 'emoji/known')
    expect((await bob.initiate(known, 'bob/known')).data.upload).toBeNull()

    const [file] = files
    if (!file) throw new Error('no file')
    await put(uploads[0].sign.parts[0].url, file.data)
    expect((await bob.complete(uploads[0].uploadID, file, 'bob/x')).errCode).toBe(0)
    expect((await bob.initiate(fresh(), 'bob/x')).errCode).toBe(0)
    expect((await bob.initiate(fresh(), 'bob/x')).errCode).toBe(429)
  })

  it('ignores expired uploads, and does not limit administrators', async () => {
    const bob = new Uploader(await userToken('bob'), { OPENIM_MAX_OPEN_UPLOADS: '1' })
    await bindings.DB.prepare("UPDATE file_upload SET expire_time = 1 WHERE user_id = 'bob'").run()
    expect((await bob.initiate(fresh(), 'bob/x')).errCode).toBe(0)
    expect((await bob.initiate(fresh(), 'bob/x')).errCode).toBe(429)
    const admin = new Uploader(await adminToken(), { OPENIM_MAX_OPEN_UPLOADS: '1' })
    for (const _ of [1, 2, 3]) expect((await admin.initiate(fresh(), 'x')).errCode).toBe(0)
  })

  it('counts open uploads with an index', async () => {
    const plan = await bindings.DB.prepare(
      "EXPLAIN QUERY PLAN SELECT count(*) FROM file_upload WHERE user_id = 'bob' AND expire_time > 5 AND completed = 0",
    ).all<{ detail: string }>()
    expect(plan.results[0]?.detail).toContain('file_upload_open')
  })
})
