import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, Thread } from '../../sdk/src/client/types.ts'
import { launchBrowser } from './rig/browser.ts'
import { shown, textsOf, until, useOwnClients } from './rig/own-client.ts'
import { PLATFORM } from './rig/rest.ts'
import { useScene } from './rig/scene.ts'

const scene = useScene()
const own = useOwnClients(scene)

const STEP_TIMEOUT_MS = 20_000
const ENTRY = join(import.meta.dirname, '../../sdk/src/client.ts')

let browser: Browser
let pages: Server
let origin: string

beforeAll(async () => {
  const [built, launched] = await Promise.all([
    build({
      configFile: false,
      logLevel: 'error',
      build: { write: false, lib: { entry: ENTRY, formats: ['iife'], name: 'OpenIM' } },
    }),
    launchBrowser(),
  ])
  const [output] = Array.isArray(built) ? built : []
  const bundle = output?.output[0].code ?? ''
  pages = createServer((request, response) => {
    const isScript = request.url === '/client.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? bundle : '<!doctype html><title>chat</title><script src="/client.js"></script>')
  })
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve))
  const address = pages.address()
  if (address === null || typeof address === 'string') throw new Error('the page server has no port')
  origin = `http://127.0.0.1:${address.port}/`
  browser = launched
})
afterAll(async () => {
  await browser?.close()
  pages?.close()
})

declare global {
  interface Window {
    OpenIM: typeof import('../../sdk/src/client.ts')
    client: Client
    thread: Thread
  }
}

interface Tab {
  page: Page
  /** Texts of the open thread. */
  texts(): Promise<string[]>
  untilShown(text: string): Promise<unknown>
  sockets(): number
}

describe('our client in a browser', () => {
  it('shares one socket among tabs, and the next tab takes over when the leader closes', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const bob = await own.login(bobID)
    const bobsThread = bob.openThread({ userID: aliceID })
    const device = await browser.newContext()
    const first = await openTab(device, aliceID, bobID)
    const second = await openTab(device, aliceID, bobID)
    expect([first.sockets(), second.sockets()]).toEqual([1, 0])

    bobsThread.send({ kind: 'text', text: 'to both tabs' })
    await Promise.all([first, second].map((tab) => tab.untilShown('to both tabs')))
    await second.page.evaluate(() => void window.thread.send({ kind: 'text', text: 'from the second tab' }))
    await first.untilShown('from the second tab')
    await second.untilShown('from the second tab')
    await shown(bobsThread, 'from the second tab')
    expect(second.sockets()).toBe(0)
    for (const tab of [first, second]) expect(await tab.texts()).toEqual(['to both tabs', 'from the second tab'])

    await first.page.close()
    await second.page.evaluate(() => void window.thread.send({ kind: 'text', text: 'after the change' }))
    await shown(bobsThread, 'after the change')
    expect(second.sockets()).toBe(1)
    await second.untilShown('after the change')
    expect(textsOf(bobsThread)).toEqual(['to both tabs', 'from the second tab', 'after the change'])
    await device.close()
  })

  it('shows conversations and unsent messages after a reload before it connects', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const bob = await own.login(bobID)
    const bobsThread = bob.openThread({ userID: aliceID })
    const device = await browser.newContext()
    const tab = await openTab(device, aliceID, bobID)
    bobsThread.send({ kind: 'text', text: 'hello' })
    await tab.untilShown('hello')
    await tab.page.reload()
    await start(tab.page, aliceID, bobID, false)
    await tab.untilShown('hello')
    const isStored = await tab.page.evaluate(() => {
      window.thread.send({ kind: 'text', text: 'written offline' })
      return window.client.connection.get().isStored
    })
    expect(isStored).toBe(true)
    await tab.untilShown('written offline')
    await tab.page.reload()
    await start(tab.page, aliceID, bobID, false)
    await tab.untilShown('written offline')
    await tab.page.evaluate(() => window.client.connect())
    await shown(bobsThread, 'written offline')
    await until(bobsThread.state, ({ messages }) => messages.length === 2)
    await device.close()
  })

  it('goes on in memory when the browser forbids IndexedDB', async () => {
    const [aliceID, bobID] = await scene.users('alice', 'bob')
    const device = await browser.newContext()
    await device.addInitScript(() => {
      indexedDB.open = () => {
        throw new DOMException('forbidden', 'SecurityError')
      }
    })
    const tab = await openTab(device, aliceID, bobID)
    await tab.page.evaluate(() => void window.thread.send({ kind: 'text', text: 'works' }))
    await tab.untilShown('works')
    const state = await tab.page.evaluate(() => window.client.connection.get())
    expect(state).toMatchObject({ status: 'connected', isStored: false })
    await device.close()
  })
})

async function openTab(device: BrowserContext, userID: string, peerID: string): Promise<Tab> {
  const page = await device.newPage()
  page.setDefaultTimeout(STEP_TIMEOUT_MS)
  let sockets = 0
  page.on('websocket', () => {
    sockets++
  })
  await page.goto(origin)
  await start(page, userID, peerID, true)
  return {
    page,
    sockets: () => sockets,
    texts: () =>
      page.evaluate(() => {
        return window.thread.state
          .get()
          .messages.map(({ content }) => ('text' in content ? content.text : content.kind))
      }),
    untilShown: (text) =>
      page.waitForFunction((wanted) => {
        const { messages } = window.thread.state.get()
        const isOffline = window.client.connection.get().status !== 'connected'
        return messages.some(
          ({ content, seq }) => 'text' in content && content.text === wanted && (seq > 0 || isOffline),
        )
      }, text),
  }
}

async function start(page: Page, userID: string, peerID: string, isConnected: boolean): Promise<void> {
  const { url: api, wsUrl: ws } = scene.server
  const token = await scene.token(userID, PLATFORM.web)
  await page.evaluate(
    async ({ peerID, isConnected, ...options }) => {
      window.client = window.OpenIM.createClient({ ...options, token: async () => options.token })
      window.thread = window.client.openThread({ userID: peerID })
      if (isConnected) await window.client.connect()
    },
    { api, ws, userID, token, peerID, isConnected },
  )
}
