import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/http/app.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { bindings, request } from '../rigs/rig.ts'

/** The headers of a browser's navigation. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const home = (headers: Record<string, string> = {}) => request('/', { headers: { ...BROWSER, ...headers } })

async function deployed(path: string, headers: Record<string, string>): Promise<Response> {
  const env = { ...bindings, OPENIM_LOCAL: '0', OPENIM_SECRET: 'a secret of our own' }
  const context = createExecutionContext()
  const response = await createFetch(endpoints)(new Request(`https://im.example.com${path}`, { headers }), env, context)
  await waitOnExecutionContext(context)
  return response
}

describe('the page at /', () => {
  it('shows a browser which server this is, and links to existing paths only', async () => {
    const response = await home()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/html')
    const page = await response.text()
    expect(page).toContain('compatible with OpenIM')
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, path]) => path ?? '')
    expect(links).toEqual(expect.arrayContaining(['docs', 'healthz']))
    for (const path of links) expect((await request(`/${path}`)).status, path).toBe(200)
  })

  it('answers in Chinese when the browser prefers Chinese, and in English otherwise', async () => {
    const languageFor = async (wanted: string) =>
      /<html lang="([^"]+)"/.exec(await (await home({ 'accept-language': wanted })).text())?.[1]
    expect(await languageFor('zh-TW,zh;q=0.9,en;q=0.8')).toBe('zh-CN')
    expect(await languageFor('en;q=0.4, zh-CN;q=0.5')).toBe('zh-CN')
    expect(await languageFor('de,en;q=0.8,zh;q=0.5')).toBe('en')
    expect(await languageFor('zh;q=0')).toBe('en')
    expect(await languageFor('fr')).toBe('en')
  })

  it('allows nothing but its own style', async () => {
    const response = await home()
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const page = await response.text()
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? ''
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style))
    expect(policy).toContain(`'sha256-${Buffer.from(digest).toString('base64')}'`)
    expect(page).not.toMatch(/<script|\sstyle=|\son\w+=/)
    expect(style).toContain('prefers-color-scheme: dark')
  })

  it('shows the first command on a developer’s machine only', async () => {
    expect(await (await home()).text()).toContain('/auth/get_admin_token')
    const page = await (await deployed('/', BROWSER)).text()
    expect(page).toContain('https://im.example.com')
    expect(page).toContain('wss://im.example.com')
    for (const hint of ['get_admin_token', 'README', 'secret']) expect(page).not.toContain(hint)
  })

  it('escapes the address that a proxy gives', async () => {
    const page = await (await home({ 'x-request-api': 'http://x/"><script>' })).text()
    expect(page).not.toContain('<script')
  })

  it.each(['*/*', 'application/json', 'text/html;q=0'])(
    'gives a client that accepts %s the answer of before',
    async (accept) => {
      const response = await request('/', { headers: { accept } })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ errCode: 1004 })
    },
  )
})
