import type { Context } from '../../runtime/context.ts'

/** The address that gets a code: an email address, or a phone number in two parts, digits only. */
export type Address = { kind: 'mail'; email: string } | { kind: 'phone'; areaCode: string; phoneNumber: string }

/** OpenIM: an email address takes precedence over a phone number. */
export function addressOf(given: { areaCode: string; phoneNumber: string; email: string }): Address {
  if (given.email !== '') return { kind: 'mail', email: given.email }
  return { kind: 'phone', areaCode: given.areaCode.replace('+', ''), phoneNumber: given.phoneNumber }
}

/**
 * The key of an address in the database. Upper and lower case are the same mailbox.
 * @param secret the secret of the deployment, or during a rotation the one before
 */
export function accountOf(address: Address, secret: string): Promise<string> {
  const name = address.kind === 'mail' ? address.email.toLowerCase() : `+${address.areaCode} ${address.phoneNumber}`
  return keyedHash(secret, 'account', name)
}

/**
 * The hash of a code, keyed with the deployment's secret. A code has few values, so without the key anyone who reads
 * the database could find it by trying all values.
 */
export function codeHashOf(account: string, code: string, secret: string): Promise<string> {
  return keyedHash(secret, 'code', `${account} ${code}`)
}

/** The key of a network in the database. */
export function networkKeyOf({ config }: Context, network: string): Promise<string> {
  return keyedHash(config.secret, 'network', network)
}

async function keyedHash(secret: string, purpose: string, text: string): Promise<string> {
  const bytes = (value: string) => new TextEncoder().encode(value)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes(secret), algorithm, false, ['sign'])
  const signed = await crypto.subtle.sign('HMAC', key, bytes(`verification ${purpose} ${text}`))
  return Buffer.from(signed).toString('base64url')
}
