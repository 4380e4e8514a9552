import { createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sample, samplesIn } from '../docs/pages.ts'
import { SAMPLES } from '../docs/samples.ts'
import { rest } from './rig/rest.ts'
import { type Server, startServer } from './rig/server.ts'
import { Shell } from './rig/shell.ts'
import { type VendorCall, Vendors } from './rig/vendors.ts'

/** Stands in for `npm start`: prints the settings, with which this test starts the server. */
const NPM = `#!/bin/sh
test "$1" = start && node -p 'JSON.stringify(process.env)'
`

describe('a reader who pastes the samples of docs/', () => {
  let folder: string
  let shell: Shell
  let receiver: Vendors
  let server: Server
  let settings: Record<string, string>
  const executed = new Set<string>()
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openim-edge-docs-'))
    await writeFile(join(folder, 'npm'), NPM)
    await chmod(join(folder, 'npm'), 0o755)
    shell = new Shell(folder, [folder])
    receiver = await Vendors.start({
      '/push': () => ({ status: 200, body: {} }),
      '/': () => ({ status: 200, body: { actionCode: 0, nextCode: 0, errCode: 0 } }),
    })
    settings = { ...(await settingsOf('docs/webhooks.md')), ...(await settingsOf('docs/push.md')) }
    server = await startServer({ mode: 'start', env: settings })
    await paste('README.md', 'api=')
  })
  afterAll(async () => {
    shell?.close()
    await Promise.all([server?.remove(), receiver?.stop()])
    if (folder) await rm(folder, { recursive: true })
  })

  /** The settings with which the page starts a server. */
  async function settingsOf(page: string): Promise<Record<string, string>> {
    const commands = sample(page, 'OPENIM_').text
    const { stdout } = await shell.run(commands.replaceAll(/http:\/\/127\.0\.0\.1:(?:9000|10006)/g, receiver.url))
    const all = Object.entries(JSON.parse(stdout) as Record<string, string>)
    return Object.fromEntries(all.filter(([name]) => name.startsWith('OPENIM_')))
  }

  function sample(page: string, start: string): Sample {
    const i = (SAMPLES[page] ?? []).findIndex(([known]) => known.startsWith(start))
    executed.add(`${page}: ${SAMPLES[page]?.[i]?.[0]}`)
    return samplesIn(page)[i] as Sample
  }

  async function paste(page: string, start: string): Promise<string> {
    const commands = sample(page, start).text.replaceAll('127.0.0.1:8787', new URL(server.url).host)
    const { exitCode, stdout, stderr } = await shell.run(commands)
    expect({ exitCode, stderr }, commands).toEqual({ exitCode: 0, stderr: '' })
    return stdout
  }

  async function expectAnswers(page: string, start: string, ...answers: object[]): Promise<void> {
    expect(answersIn(await paste(page, start)), `${page}: ${start}`).toMatchObject(answers)
  }

  const done = { errCode: 0 }

  it('gets the description of the REST API and the names of misspelt fields (api.md)', async () => {
    expect(await paste('docs/api.md', 'curl -s')).toContain('"openapi":"3.1')
    expect((await paste('docs/api.md', 'curl -si')).trim()).toBe('x-openim-unknown-fields: userIds2')
  })

  it('gets the address of a file (files.md)', async () => {
    await expectAnswers('docs/files.md', 'curl -s', { errCode: 1004 })
    await upload('bob/p.jpg')
    await expectAnswers('docs/files.md', 'curl -s', { errCode: 0, data: { url: expect.stringContaining('/object/') } })
    expect(JSON.parse(sample('docs/files.md', '{').text)).toHaveProperty('rules')
  })

  it('sends pictures, videos and files, and as an account (sending.md)', async () => {
    await expectAnswers('docs/sending.md', 'call /msg/send_msg', done, done, done)
    await expectAnswers('docs/sending.md', 'call /user/add_notification_account', done, done)
    await expectAnswers('docs/sending.md', 'call /manager/send_msg', done)
  })

  it('gets the errors of a server without a vendor (verification.md)', async () => {
    await expectAnswers('docs/verification.md', 'curl -s', { errCode: 500 }, { errCode: 20007 })
  })

  it('lists and resends dead letters, and checks signatures of webhooks (webhooks.md)', async () => {
    await expectAnswers(
      'docs/webhooks.md',
      'curl -s',
      { ...done, data: { total: 0 } },
      { ...done, data: { replayed: 0 } },
    )
    const { isGenuine } = await moduleOf('docs/webhooks.md')
    const { headers, body } = await arrived((call) => call.path.includes('callbackAfterUserRegisterCommand'))
    expect(isGenuine(headers, body, settings.OPENIM_WEBHOOK_SECRET)).toBe(true)
    expect(isGenuine(headers, `${body} `, settings.OPENIM_WEBHOOK_SECRET)).toBe(false)
  })

  it('notifies a gateway, checks the signature, and makes a pair of keys (push.md)', async () => {
    await expectAnswers('docs/push.md', 'api=', done, done, done)
    const { isFromOpenIM } = await moduleOf('docs/push.md')
    const { headers, body } = await arrived((call) => call.path === '/push')
    expect(isFromOpenIM(headers['openim-signature'], body, settings.OPENIM_PUSH_HTTP_SECRET)).toBe(true)
    expect(isFromOpenIM(headers['openim-signature'], `${body} `, settings.OPENIM_PUSH_HTTP_SECRET)).toBe(false)

    const shown = JSON.parse(sample('docs/push.md', '{').text)
    expect(Object.keys(JSON.parse(body)).sort()).toEqual(Object.keys(shown).sort())
    expect(await paste('docs/push.md', 'node -e')).toMatch(/^public {2}[\w-]{87}\nprivate [\w-]{43}\n$/)
  })

  it('changes settings, sees the health and starts the cleaning (operations.md)', async () => {
    await paste('docs/operations.md', 'api=')
    await expectAnswers('docs/operations.md', 'curl -s $api/config/get_config', done, done, done)
    expect(JSON.parse(await paste('docs/operations.md', 'curl -s $api/readyz'))).toMatchObject({ ready: true })
    expect(await paste('docs/operations.md', 'curl -s "$api/cdn-cgi')).toBe('ok')
  })

  it('has executed the blocks that test/docs/samples.ts lists as executed', () => {
    const listed = Object.entries(SAMPLES)
      .filter(([page]) => page.startsWith('docs/'))
      .flatMap(([page, rows]) => rows.flatMap(([start, check]) => (check === 'executed' ? [`${page}: ${start}`] : [])))
    expect([...executed].filter((row) => row.startsWith('docs/')).sort()).toEqual(listed.sort())
  })

  /** Uploads a file in one part, as OpenIM's SDKs do. */
  async function upload(name: string): Promise<void> {
    const token = (await shell.run('printf %s "$BOB_TOKEN"')).stdout
    const parts = [md5(name)]
    const asked = { hash: md5(parts.join(',')), size: name.length, maxParts: -1, name, contentType: 'image/jpeg' }
    const { data } = await rest(server).post<{ upload: { uploadID: string; sign: { parts: { url: string }[] } } }>(
      '/object/initiate_multipart_upload',
      asked,
      { token },
    )
    const { uploadID, sign } = data?.upload ?? { uploadID: '', sign: { parts: [] } }
    for (const { url } of sign.parts) {
      await fetch(url, { method: 'PUT', body: name, headers: { 'content-type': 'image/jpeg' } })
    }
    const completed = { uploadID, parts, name, contentType: 'image/jpeg' }
    expect(await rest(server).post('/object/complete_multipart_upload', completed, { token })).toMatchObject(done)
  }

  /** The call that the service makes in the background. */
  async function arrived(matches: (call: VendorCall) => boolean) {
    await expect.poll(() => receiver.calls.some(matches)).toBe(true)
    const { headers, body } = receiver.calls.find(matches) as VendorCall
    return { headers, body: body.toString() }
  }

  type Exports = Record<'isGenuine' | 'isFromOpenIM', (...args: unknown[]) => boolean>

  /** Imports the JavaScript of the page. */
  async function moduleOf(page: string): Promise<Exports> {
    const file = join(folder, 'sample.mjs')
    await writeFile(file, sample(page, 'import ').text)
    return import(`${file}?${page}`)
  }
})

/** Most samples print answers without a line break between them. */
function answersIn(stdout: string): unknown[] {
  return stdout.split(/(?<=\})\s*(?=\{"errCode")/).map((answer) => JSON.parse(answer))
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
