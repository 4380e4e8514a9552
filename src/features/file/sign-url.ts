import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context } from '../../runtime/context.ts'

/** The purpose of a signed URL. Each purpose has its own key, so that a signature is valid for one purpose only. */
type Purpose = 'to upload to' | 'to read at'

/** Signs the permission that a URL carries, with a key that is derived from the deployment's secret. */
export function signatureOf({ config }: Context, purpose: Purpose, permitted: readonly (string | number)[]): string {
  return signatureWith(config.secret, purpose, permitted)
}

/** Whether this deployment has signed exactly this permission, with its secret or the one before. */
export function isSigned(
  ctx: Context,
  purpose: Purpose,
  permitted: readonly (string | number)[],
  signature: string,
): boolean {
  const given = Buffer.from(signature)
  return ctx.config.secrets.some((secret) => {
    const expected = Buffer.from(signatureWith(secret, purpose, permitted))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

function signatureWith(secret: string, purpose: Purpose, permitted: readonly (string | number)[]): string {
  return createHmac('sha256', hmacKeyOf(secret, purpose)).update(JSON.stringify(permitted)).digest('base64url')
}

const keys = new Map<string, Buffer>()

function hmacKeyOf(secret: string, purpose: Purpose): Buffer {
  // The label is part of the key: changing it invalidates all signed URLs.
  const label = `openim-edge: addresses ${purpose}`
  const known = keys.get(label + secret)
  if (known) return known
  const key = createHmac('sha256', secret).update(label).digest()
  keys.set(label + secret, key)
  return key
}
