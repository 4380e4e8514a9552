import type { Hono } from 'hono'
import { configOf, DEFAULT_SECRET } from '../../config/index.ts'
import type { AppEnv } from '../mount-endpoints.ts'
import { publicURLOf } from '../public-url.ts'
import { HOME_STYLE, type HomeLanguage, renderHome } from './home-page.ts'

/** Registers `GET /` for browsers. Programs do not ask for HTML: they get the answer to an unknown path. */
export function mountHomeRoute(app: Hono<AppEnv>): void {
  let policy: Promise<string> | undefined
  app.get('/', async (c, next) => {
    if (!wantsHTML(c.req.header('accept'))) return next()
    policy ??= contentSecurityPolicy()
    const { local, secret } = configOf(c.env)
    const page = renderHome({
      language: languageOf(c.req.header('accept-language')),
      api: publicURLOf(c.req.raw),
      ...(local && { local: { secret: secret === DEFAULT_SECRET ? secret : null } }),
    })
    return c.html(page, 200, {
      // The page names the address by which it was requested.
      'cache-control': 'private, no-store',
      'content-security-policy': await policy,
      'referrer-policy': 'no-referrer',
      vary: 'accept, accept-language',
      'x-content-type-options': 'nosniff',
    })
  })
}

/** Whether the client names HTML; `*` and `/*` are the defaults of programs. */
function wantsHTML(accept = ''): boolean {
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    return type === 'text/html' && qualityOf(parameters) > 0
  })
}

/** The language that the browser prefers; English when it wants neither English nor Chinese. */
function languageOf(accepted = ''): HomeLanguage {
  const wanted = accepted.split(',').flatMap((range) => {
    const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const language = tag.split('-')[0]
    return language === 'en' || language === 'zh' ? [{ language, quality: qualityOf(parameters) }] : []
  })
  const best = wanted.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality)[0]
  return best?.language === 'zh' ? 'zh' : 'en'
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='))
  return given === undefined ? 1 : Number(given.slice(2)) || 0
}

/** Only the page's own style applies, and nothing is loaded, sent or framed. */
async function contentSecurityPolicy(): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(HOME_STYLE))
  const style = `style-src 'sha256-${Buffer.from(digest).toString('base64')}'`
  return `default-src 'none'; ${style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}
