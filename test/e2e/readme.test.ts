import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Sample, samplesIn } from '../docs/pages.ts'
import { launchBrowser } from './rig/browser.ts'
import { type PageServer, startPageServer } from './rig/page-server.ts'
import { type Server, startServer } from './rig/server.ts'
import { type Ran, Shell } from './rig/shell.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Longer runs search for samples that depend on timing: README_RUNS=20. */
const RUNS = Number(process.env.README_RUNS ?? 1)

/** Stands in for npm, which needs the registry: installs what `npm ci` has installed here. */
const NPM = `#!/bin/sh
case "$1" in
  init) echo '{}' > package.json ;;
  install)
    test -d "${ROOT}/node_modules/$2" && test -f package.json || exit 1
    mkdir -p "node_modules/$(dirname "$2")" && ln -s "${ROOT}/node_modules/$2" "node_modules/$2" ;;
  *) exit 1 ;;
esac
`

/** Stands in for `npx serve`: the folder is served by the rig. */
const NPX = `#!/bin/sh
test "$*" = 'serve --listen 8000 site' && test -d site
`

/**
 * A late handshake and slow REST calls, so that a sample which does not wait for its events fails at every run. The frames
 * of a connection keep their order.
 */
const SLOW_LINE = `
const pause = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs))
globalThis.WebSocket = class extends WebSocket {
  set onmessage(take) {
    let line = pause(800)
    super.onmessage = (event) => {
      line = line.then(() => take(event))
    }
  }
}
const { fetch } = globalThis
globalThis.fetch = (...request) => pause(50).then(() => fetch(...request))
`

describe('the samples of the README, pasted one after the other', () => {
  const samples = samplesIn('README.md')
  let server: Server
  let folder: string
  let shell: Shell
  let browser: Browser
  let site: PageServer
  let page: Page
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openim-edge-readme-'))
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await writeFile(join(folder, 'slow-line.mjs'), SLOW_LINE)
    for (const [name, script] of Object.entries({ npm: NPM, npx: NPX })) {
      await writeFile(join(bin, name), script)
      await chmod(join(bin, name), 0o755)
    }
    ;[server, browser] = await Promise.all([startServer(), launchBrowser()])
    await mkdir(join(folder, 'home'))
    shell = new Shell(join(folder, 'home'), [bin, dirname(process.execPath)])
    site = await startPageServer(join(folder, 'home/talk/site'))
    page = await browser.newPage()
  })
  afterAll(async () => {
    shell?.close()
    await Promise.all([browser?.close(), site?.close(), server?.remove()])
    if (folder) await rm(folder, { recursive: true })
  })

  /** The sample with the address of this test's server: the only change. */
  const here = ({ text }: Sample) => text.replaceAll('127.0.0.1:8787', new URL(server.url).host)

  function sample(language: string, start: string): Sample {
    const found = samples.filter((block) => block.language === language && block.text.startsWith(start))
    expect(found, `${language} ${start}`).toHaveLength(1)
    return found[0] as Sample
  }

  async function paste(start: string): Promise<Ran> {
    const commands = here(sample('sh', start))
    const ran = await shell.run(commands)
    expect(ran, commands).toMatchObject({ exitCode: 0 })
    return ran
  }

  const save = (path: string, language: string, start: string) =>
    writeFile(join(folder, 'home/talk', path), here(sample(language, start)))

  it('answers the first call with a token', async () => {
    const { stdout } = await paste('curl -s http://127.0.0.1:8787/auth/get_admin_token')
    expect(answersIn(stdout)).toMatchObject([{ errCode: 0, data: { token: expect.any(String) } }])
  })

  it('registers two users and requests their tokens', async () => {
    expect(answersIn((await paste('api=')).stdout)).toMatchObject([{ errCode: 0 }])
    const { stdout } = await shell.run('echo "$ALICE_TOKEN $BOB_TOKEN"')
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+ [\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  it('lets both users read each other in Node', async () => {
    await paste('mkdir talk')
    await save('talk.mjs', 'js', '// talk.mjs\n')
    for (let run = 0; run < RUNS; run++) await expectTalk()
  })

  it('lets both users read each other when every answer is late', async () => {
    await shell.run(`export NODE_OPTIONS='--import=${join(folder, 'slow-line.mjs')}'`)
    await expectTalk()
    await shell.run('unset NODE_OPTIONS')
  })

  async function expectTalk(): Promise<void> {
    const { stdout } = await paste('node talk.mjs')
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('OpenIMSDK'))
    expect(lines.join('\n')).toBe(samples.find(({ language }) => language === 'text')?.text)
  }

  it('sends from the backend and finds the conversation', async () => {
    const [sent, found] = answersIn((await paste('call /msg/send_msg')).stdout)
    expect(sent).toMatchObject({ errCode: 0, data: { serverMsgID: expect.any(String) } })
    const search = found as { errCode: number; data: { chatLogs: { chatLog: { content: string } }[] } }
    expect(search.errCode).toBe(0)
    expect(JSON.parse(search.data.chatLogs[0]?.chatLog.content ?? '')).toEqual({ content: 'from the backend' })
  })

  it('shows the conversation in the browser with the Go core, and sends from there', async () => {
    await paste('npm install @openim/wasm-client-sdk')
    await save('site/index.html', 'html', '<!-- site/index.html -->\n')
    const { stdout } = await paste('echo "Open')
    const [, hash = ''] = /^Open http:\/\/127\.0\.0\.1:8000\/(#\S+)\n$/.exec(stdout) ?? []
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(`${site.url}/${hash}`)
    // Not "visible": this Chromium has no font, so that text has no height.
    const last = page.waitForSelector('p:has-text("bob: hello from the browser")', { state: 'attached' })
    await last.catch((error) => {
      throw new Error(`${error}\n${errors.join('\n')}`)
    })
    expect(errors).toEqual([])
    const talk = ['alice: hello, Bob', 'bob: hello, Alice']
    expect(await page.locator('p').allTextContents()).toEqual(
      [
        ...Array.from({ length: RUNS + 1 }, () => talk).flat(),
        'alice: from the backend',
        'bob: hello from the browser',
      ].slice(-21),
    )
  })

  it('shows a message of the backend in the open page', async () => {
    await paste('call /msg/send_msg')
    await page.waitForFunction(`[...document.querySelectorAll('p')].at(-1).textContent === 'alice: from the backend'`)
  })

  it('names Go as missing when the page does not load wasm_exec.js', async () => {
    const without = here(sample('html', '<!-- site/index.html -->\n')).replace(/<script src="\/wasm_exec.js">.*\n/, '')
    await writeFile(join(folder, 'home/talk/site/without.html'), without)
    const other = await browser.newPage()
    const failed = other.waitForEvent('pageerror')
    await other.goto(`${site.url}/without.html`)
    expect(String(await failed)).toContain('Go is not defined')
    await other.close()
  })
})

/** The answers that the commands printed, one a line. */
function answersIn(stdout: string): unknown[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
