import type { Hono } from 'hono'
import type { Endpoint } from '../../runtime/endpoint.ts'
import { type AppEnv, PREFIXES } from '../mount-endpoints.ts'

/** Browsers may cache the documentation for five minutes; it changes only with a deployment. */
const CACHE_CONTROL = 'public, max-age=300'

/** The page loads nothing and runs no script. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/** Registers `GET /openapi.json` and `GET /docs`. The first request renders both, so that startup does not wait. */
export function mountDocsRoutes(app: Hono<AppEnv>, endpoints: readonly Endpoint[]): void {
  const rendered = once(async () => {
    const [{ describeApi }, { renderDocs }] = await Promise.all([import('./openapi.ts'), import('./docs-page.ts')])
    const document = describeApi(endpoints)
    return { json: JSON.stringify(document), page: renderDocs(document) }
  })
  for (const prefix of PREFIXES) {
    app.get(`${prefix}/openapi.json`, async (c) =>
      c.body((await rendered()).json, 200, { 'content-type': 'application/json', 'cache-control': CACHE_CONTROL }),
    )
    app.get(`${prefix}/docs`, async (c) =>
      c.html((await rendered()).page, 200, {
        'cache-control': CACHE_CONTROL,
        'content-security-policy': CONTENT_SECURITY_POLICY,
      }),
    )
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= make()
    return result
  }
}
