import type { Context } from '../../runtime/context.ts'

/** The address that gets a code: an email address, or a phone number in two parts, digits only. */
export type Address = { kind: 'mail'; email: string } | { kind: 'phone'; areaCode: string; phoneNumber: string }

/** OpenIM: an email address takes precedence over a phone number. */
export function addressOf(given: { areaCode: string; phoneNumber: string; email: string }): Address {
  if (given.email !== '') return { kind: 'mail', email: given.email }
  return { kind: 'phone', areaCode: given.areaCode.replace('+', ''), phoneNumber: given.phoneNumber }
}

/** The key of an address in the database. Upper and lower case are the same mailbox. */
export function accountOf(ctx: Context, address: Address): Promise<string> {
  const name = address.kind === 'mail' ? address.email.toLowerCase() : `+${address.areaCode} ${address.phoneNumber}`
  return keyedHash(ctx, 'account', name)
}

/**
 * The hash of a code, keyed with the deployment's secret. A code has few values, so without the key anyone who reads
 * the database could find it by trying all values.
 */
export function codeHashOf(ctx: Context, account: string, code: string): Promise<string> {
  return keyedHash(ctx, 'code', `${account} ${code}`)
}

/** The key of a network in the database. */
export function networkKeyOf(ctx: Context, network: string): Promise<string> {
  return keyedHash(ctx, 'network', network)
}

async function keyedHash({ config }: Context, purpose: string, text: string): Promise<string> {
  const bytes = (value: string) => new TextEncoder().encode(value)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes(config.secret), algorithm, false, ['sign'])
  const signed = await crypto.subtle.sign('HMAC', key, bytes(`verification ${purpose} ${text}`))
  return Buffer.from(signed).toString('base64url')
}
