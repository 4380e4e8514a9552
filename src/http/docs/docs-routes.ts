import type { Hono } from 'hono'
import type { Endpoint } from '../runtime/endpoint.ts'
import { type AppEnv, PREFIXES } from './mount.ts'

/** A browser may keep the documentation this long: it changes with deployments only. */
const CACHE_CONTROL = 'public, max-age=300'

/** Nothing on the page comes from elsewhere, and nothing on it runs. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** `GET /openapi.json` and `GET /docs`. Both are made when somebody asks, so that nobody waits for them at startup. */
export function mountDocs(app: Hono<AppEnv>, endpoints: readonly Endpoint[]): void {
  const made = once(async () => {
    const [{ describeApi }, { renderDocs }] = await Promise.all([import('./openapi.ts'), import('./docs-page.ts')])
    const document = describeApi(endpoints)
    return { json: JSON.stringify(document), page: renderDocs(document) }
  })
  for (const prefix of PREFIXES) {
    app.get(`${prefix}/openapi.json`, async (c) =>
      c.body((await made()).json, 200, { 'content-type': 'application/json', 'cache-control': CACHE_CONTROL }),
    )
    app.get(`${prefix}/docs`, async (c) =>
      c.html((await made()).page, 200, {
        'cache-control': CACHE_CONTROL,
        'content-security-policy': CONTENT_SECURITY_POLICY,
      }),
    )
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
