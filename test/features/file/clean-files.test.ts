import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Settings } from '../../../src/env.ts'
import { cleanFiles } from '../../../src/features/file/clean-files.ts'
import { nameKnownContent } from '../../../src/features/file/store/objects.ts'
import { DAY_MS } from '../../../src/platform/durations.ts'
import { createContext } from '../../../src/runtime/context.ts'
import { png } from '../../rigs/picture.ts'
import { bindings, register, request, until, userToken } from '../../rigs/rig.ts'
import { bytes, bytesOf, get, PART_SIZE, pathOf, put, splitFile, type TestFile, Uploader } from './rig.ts'

let alice: Uploader
let bob: Uploader

beforeAll(async () => {
  await register('alice', 'bob')
  alice = new Uploader(await userToken('alice'))
  bob = new Uploader(await userToken('bob'))
})

beforeEach(async () => {
  const tables = ['object', 'content', 'upload', 'part', 'orphan', 'garbage']
  await bindings.DB.batch(tables.map((table) => bindings.DB.prepare(`DELETE FROM file_${table}`)))
  await bindings.FILES.delete(await keys())
})

let nextFile = 0
const fresh = (size = 100) => splitFile(bytes(size, `clean ${nextFile++}`))
const clean = (settings: Settings = {}) => cleanFiles(createContext({ ...bindings, ...settings }, 'cron'))
const keys = async (prefix = '') => (await bindings.FILES.list({ prefix })).objects.map(({ key }) => key)
const count = async (table: string) =>
  (await bindings.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n
const statusOf = async (name: string) => (await get(`/object/${name}`)).status

/** Sets all stored dates back, as if days had passed. */
async function age(days: number): Promise<void> {
  await bindings.DB.batch([
    bindings.DB.prepare('UPDATE file_object SET create_time = create_time - ?').bind(days * DAY_MS),
    bindings.DB.prepare('UPDATE file_upload SET expire_time = expire_time - ?').bind(days * DAY_MS),
  ])
}

async function storeUploadID(uploadID: string): Promise<string> {
  const query = bindings.DB.prepare('SELECT store_upload_id AS id FROM file_upload WHERE upload_id = ?').bind(uploadID)
  return (await query.first<{ id: string }>())?.id ?? ''
}

describe('cleaning of expired uploads', () => {
  it('removes the rows, parts and whole files of expired uploads', async () => {
    const whole = fresh()
    const wholeUpload = (await alice.initiate(whole, 'alice/abandoned')).data.upload
    expect((await put(wholeUpload.sign.parts[0].url, whole.data)).status).toBe(200)
    const large = fresh(PART_SIZE + 10)
    const largeUpload = (await alice.initiate(large, 'alice/abandoned')).data.upload
    expect((await put(largeUpload.sign.parts[0].url, large.parts[0])).status).toBe(200)
    const inStore = await storeUploadID(largeUpload.uploadID)

    expect(await clean()).toEqual({ uploads: 0, names: 0, contents: 0, more: false })
    await age(7)
    // A request that started before the expiry may run for another hour.
    expect((await clean()).uploads).toBe(0)
    await age(1)
    expect(await clean()).toEqual({ uploads: 2, names: 0, contents: 0, more: false })
    expect([await count('file_upload'), await count('file_part')]).toEqual([0, 0])
    expect(await keys('files/')).toEqual([])
    const upload = bindings.FILES.resumeMultipartUpload(`files/${largeUpload.uploadID}`, inStore)
    await expect(upload.uploadPart(1, large.parts[0] ?? '')).rejects.toThrow('10024')
    expect((await put(wholeUpload.sign.parts[0].url, whole.data)).status).not.toBe(200)
    expect((await alice.complete(wholeUpload.uploadID, whole, 'alice/abandoned')).errCode).toBe(1004)
  })

  it('keeps the file of a completed upload', async () => {
    const file = fresh(PART_SIZE + 10)
    const url = await alice.upload(file, 'alice/complete')
    await age(9)
    expect((await clean()).uploads).toBe(1)
    expect(splitFile((await bytesOf(await get(url))) as Uint8Array<ArrayBuffer>).hash).toBe(file.hash)
  })

  it('removes uploads whose parts are gone, or whose parts are joined without a file name', async () => {
    const dropped = (await alice.initiate(fresh(PART_SIZE + 10), 'alice/dropped')).data.upload
    const key = `files/${dropped.uploadID}`
    await bindings.FILES.resumeMultipartUpload(key, await storeUploadID(dropped.uploadID)).abort()
    const joined = (await alice.initiate(fresh(PART_SIZE + 10), 'alice/joined')).data.upload
    await bindings.FILES.put(`files/${joined.uploadID}`, 'joined')
    await age(9)
    expect((await clean()).uploads).toBe(2)
    expect(await keys(`files/${joined.uploadID}`)).toEqual([])
  })

  it('continues after an upload that cannot be removed', async () => {
    const stuck = (await alice.initiate(fresh(PART_SIZE + 10), 'alice/stuck')).data.upload
    await bindings.DB.prepare("UPDATE file_upload SET store_upload_id = 'nonsense' WHERE upload_id = ?")
      .bind(stuck.uploadID)
      .run()
    await alice.initiate(fresh(), 'alice/next')
    await age(9)
    const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
    try {
      expect((await clean()).uploads).toBe(1)
      expect(await count('file_upload')).toBe(1)
      await age(30)
      expect((await clean()).uploads).toBe(1)
      expect(await count('file_upload')).toBe(0)
    } finally {
      log.mockRestore()
    }
  })
})

describe('cleaning of old files', () => {
  const upload = (user: Uploader, file: TestFile, name: string, cause: string) => user.upload(file, name, { cause })

  it('removes files of messages and logs after 180 days', async () => {
    const groups = ['msg-picture', 'msg-file', 'msg-voice', 'msg-video', 'msg-video-snapshot', 'sdklog']
    for (const group of groups) await upload(alice, fresh(), `alice/${group}`, group)
    for (const group of ['', 'avatar']) await upload(alice, fresh(), `alice/kept-${group}`, group)
    await age(179)
    expect(await clean()).toMatchObject({ names: 0, contents: 0 })
    await age(2)
    expect(await clean()).toMatchObject({ names: 6, contents: 6, more: false })
    for (const group of groups) expect(await statusOf(`alice/${group}`)).toBe(404)
    for (const group of ['', 'avatar']) expect(await statusOf(`alice/kept-${group}`)).toBe(200)
    expect(await keys()).toHaveLength(2)
    expect([await count('file_orphan'), await count('file_garbage')]).toEqual([0, 0])
  })

  it('keeps a content while any file name refers to the content', async () => {
    const file = fresh()
    await upload(alice, file, 'alice/shared', 'msg-file')
    await age(100)
    expect((await bob.initiate(file, 'bob/shared', { cause: 'msg-file' })).data.upload).toBeNull()
    expect((await bob.initiate(file, 'bob/avatar', { cause: 'avatar' })).data.upload).toBeNull()
    await age(100)
    expect(await clean()).toMatchObject({ names: 1, contents: 0 })
    expect([await statusOf('alice/shared'), await statusOf('bob/shared')]).toEqual([404, 200])
    await age(100)
    expect(await clean()).toMatchObject({ names: 1, contents: 0 })
    expect(await bytesOf(await get('/object/bob/avatar'))).toEqual(file.data)
    // The last name moves to another file, so the content has no name any more.
    await upload(bob, fresh(), 'bob/avatar', 'avatar')
    expect(await clean()).toMatchObject({ names: 0, contents: 1 })
    expect((await alice.initiate(file, 'alice/again')).data.upload).not.toBeNull()
  })

  it('allows the same file to be uploaded again', async () => {
    const file = fresh()
    await upload(alice, file, 'alice/returns', 'msg-file')
    await age(181)
    await clean()
    await upload(alice, file, 'alice/returns', 'msg-file')
    expect(await clean()).toMatchObject({ names: 0, contents: 0 })
    expect(await bytesOf(await get('/object/alice/returns'))).toEqual(file.data)
  })

  it('removes the thumbnails of a file', async () => {
    const file = splitFile(png(200, 200))
    const given = { cause: 'msg-picture', contentType: 'image/png' }
    const url = await alice.upload(file, 'alice/picture.png', given)
    expect((await request(pathOf(`${url}?type=image&width=20&height=20`))).status).toBe(200)
    await until(async () => (await keys(`thumbnails/${file.hash}/`)).length === 1)
    await age(181)
    expect(await clean()).toMatchObject({ contents: 1 })
    expect(await keys(`thumbnails/${file.hash}/`)).toEqual([])
  })

  it('follows the settings of the deployment', async () => {
    await upload(alice, fresh(), 'alice/file', 'msg-file')
    await upload(alice, fresh(), 'alice/mine', 'mine')
    await age(400)
    for (const settings of [{ OPENIM_FILE_EXPIRE_DAYS: '0' }, { OPENIM_DELETE_OBJECT_TYPES: 'others' }]) {
      expect(await clean(settings)).toMatchObject({ names: 0 })
    }
    const settings = { OPENIM_FILE_EXPIRE_DAYS: '30', OPENIM_DELETE_OBJECT_TYPES: 'mine' }
    expect(await clean(settings)).toMatchObject({ names: 1, contents: 1 })
    expect([await statusOf('alice/file'), await statusOf('alice/mine')]).toEqual([200, 404])
  })

  it('works in limited steps, and reports when expired files are left', async () => {
    const file = fresh()
    await upload(alice, file, 'alice/many', 'msg-file')
    await bindings.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
       INSERT INTO file_object SELECT 'alice/many/' || i, 'alice', ?, '', 'msg-file', 1 FROM n`,
    )
      .bind(file.hash)
      .run()
    expect(await clean()).toMatchObject({ names: 1_000, contents: 0, more: true })
    expect(await clean()).toMatchObject({ names: 100, contents: 0, more: false })
    expect(await bytesOf(await get('/object/alice/many'))).toEqual(file.data)
  })

  it('does not give a name to a content that was removed', async () => {
    const file = fresh()
    await upload(alice, file, 'alice/last', 'msg-file')
    const { db } = createContext(bindings, 'test')
    const object = { name: 'bob/late', userID: 'bob', hash: file.hash, contentType: '', cause: '', createTime: 1 }
    await age(181)
    await clean()
    expect(await nameKnownContent(db, object)).toBe(false)
    expect([await statusOf('bob/late'), await count('file_object')]).toEqual([404, 0])
  })
})
