import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, post, register, userToken } from '../../rigs/rig.ts'

const OK = { errCode: 0, errMsg: '', errDlt: '' }

let alice: string
let bob: string

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await userToken('alice')
  bob = await userToken('bob')
})

const file = (filename: string) => ({ filename, URL: `https://files.example/${filename}` })
const upload = (token: string, filenames: string[], given = {}) =>
  post(
    '/third/logs/upload',
    { platform: 2, appFramework: 'flutter', version: '3.8.3', ex: 'e', fileURLs: filenames.map(file), ...given },
    token,
  )
const search = async (given = {}) =>
  post('/third/logs/search', { pagination: { pageNumber: 1, showNumber: 50 }, ...given }, await adminToken())
const remove = async (logIDs: unknown) => post('/third/logs/delete', { logIDs }, await adminToken())

describe('logs of SDKs', () => {
  it('are recorded one by one for the user who uploads them, and found newest first', async () => {
    const begin = Date.now()
    expect(await upload(alice, ['a1.zip', 'a2.zip'])).toEqual(OK)
    expect(await upload(bob, ['b1.zip'], { platform: 99, userID: 'alice' })).toEqual(OK)
    const { data } = await search()
    expect(data.total).toBe(3)
    const logs = data.logsInfos as Record<string, unknown>[]
    expect(logs.map((log) => log.filename).sort()).toEqual(['a1.zip', 'a2.zip', 'b1.zip'])
    const times = logs.map((log) => Number(log.createTime))
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const { createTime, ...one } = logs.find((log) => log.filename === 'a1.zip') ?? {}
    expect(createTime).toBeGreaterThanOrEqual(begin)
    expect(one).toEqual({
      ...{ userID: 'alice', nickname: 'nick of alice', platform: 'Android', url: 'https://files.example/a1.zip' },
      ...{
        logID: expect.stringMatching(/^[1-9]\d{9}$/),
        filename: 'a1.zip',
        systemType: '',
        version: '3.8.3',
        ex: 'e',
      },
    })
    expect(logs.find((log) => log.filename === 'b1.zip')).toMatchObject({ userID: 'bob', platform: '' })
  })

  it('are found by a part of the userID, by time, and in pages', async () => {
    const total = async (given: object) => (await search(given)).data.total
    expect(await total({ keyword: 'lic' })).toBe(2)
    expect(await total({ keyword: 'a.*' })).toBe(0)
    expect(await total({ startTime: 1, endTime: 2 })).toBe(0)
    expect(await total({ startTime: Date.now() - 60_000, endTime: Date.now() + 60_000 })).toBe(3)
    const { data } = await search({ pagination: { pageNumber: 2, showNumber: 2 } })
    expect(data).toMatchObject({ total: 3, logsInfos: [expect.anything()] })
  })

  it('are deleted all together or not at all', async () => {
    const { logsInfos } = (await search({ keyword: 'alice' })).data
    const [one, other] = logsInfos.map((log: { logID: string }) => log.logID)
    expect((await remove([one, '1234567890'])).errCode).toBe(1004)
    expect((await search()).data.total).toBe(3)
    expect(await remove([one, other])).toEqual(OK)
    expect((await search()).data.total).toBe(1)
    expect((await remove([one])).errCode).toBe(1004)
  })

  it.each([
    ['no file', { fileURLs: [] }, /^fileURLs: /],
    ['null for files', { fileURLs: null }, /^fileURLs: /],
    ['a file without a URL', { fileURLs: [{ filename: 'x' }] }, /^fileURLs.0.URL: /],
    ['101 files', { fileURLs: Array.from({ length: 101 }, () => file('x')) }, /^fileURLs: /],
    ['a name of 1,000 letters', { fileURLs: [file('x'.repeat(1_000))] }, /^fileURLs.0.filename: /],
    ['a version that is not a string', { version: 3 }, /^version: /],
  ])('are refused with %s', async (_what, given, sentence) => {
    expect(await upload(alice, ['x.zip'], given)).toMatchObject({
      errCode: 1001,
      errDlt: expect.stringMatching(sentence),
    })
  })

  it('are not searched with a reversed time range, and not deleted without IDs', async () => {
    expect((await search({ startTime: 2, endTime: 1 })).errCode).toBe(1001)
    expect((await search({ pagination: null })).errCode).toBe(1001)
    expect((await remove([])).errCode).toBe(1001)
    expect((await remove(null)).errCode).toBe(1001)
  })

  it('are accepted up to 100 per call', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `many${i}.zip`)
    expect(await upload(bob, names)).toEqual(OK)
    expect((await search({ keyword: 'bob' })).data.total).toBe(101)
  })
})
