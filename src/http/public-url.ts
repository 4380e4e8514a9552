/**
 * The address at which the client reaches the REST API, without a slash at the end; addresses of files start with it. A
 * proxy in front gives it in OpenIM's header `X-Request-Api`.
 */
export function publicURLOf(request: Request): string {
  const proxied = request.headers.get('x-request-api')?.trim() ?? ''
  if (/^https?:\/\//i.test(proxied) && URL.canParse(proxied)) return proxied.replace(/\/+$/, '')
  // The runtime's `request.url` is in canonical form, so it can be cut as text.
  const { url } = request
  const path = url.indexOf('/', url.indexOf('://') + 3)
  return url.slice(0, url.startsWith('/api/', path) ? path + '/api'.length : path)
}
