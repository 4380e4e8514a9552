import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context } from '../../runtime/context.ts'

/** What an address is for. Each has a key of its own: what permits one thing can never pass for another, or a token. */
type Purpose = 'to upload to' | 'to read at'

/** Signs what an address permits, with a key that only this deployment has. */
export function signatureOf({ config }: Context, purpose: Purpose, permitted: readonly (string | number)[]): string {
  return createHmac('sha256', hmacKeyOf(config.secret, purpose)).update(JSON.stringify(permitted)).digest('base64url')
}

/** Whether this deployment has signed exactly that. */
export function isSigned(
  ctx: Context,
  purpose: Purpose,
  permitted: readonly (string | number)[],
  signature: string,
): boolean {
  const expected = Buffer.from(signatureOf(ctx, purpose, permitted))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const keys = new Map<string, Buffer>()

function hmacKeyOf(secret: string, purpose: Purpose): Buffer {
  const label = `openim-edge: addresses ${purpose}`
  const known = keys.get(label + secret)
  if (known) return known
  const key = createHmac('sha256', secret).update(label).digest()
  keys.set(label + secret, key)
  return key
}
