import type { Context } from '../../runtime/context.ts'

/** Where a code goes: an email, or a phone in its two parts, digits only. */
export type Address = { kind: 'mail'; email: string } | { kind: 'phone'; areaCode: string; phoneNumber: string }

/** An email goes before a phone, as with OpenIM. */
export function addressOf(given: { areaCode: string; phoneNumber: string; email: string }): Address {
  if (given.email !== '') return { kind: 'mail', email: given.email }
  return { kind: 'phone', areaCode: given.areaCode.replace('+', ''), phoneNumber: given.phoneNumber }
}

/** How an address is called in the database. Case does not make another mailbox. */
export function accountOf(ctx: Context, address: Address): Promise<string> {
  const name = address.kind === 'mail' ? address.email.toLowerCase() : `+${address.areaCode} ${address.phoneNumber}`
  return keyedHash(ctx, 'account', name)
}

/** A code has few values, so its hash is keyed with the deployment's secret: the database alone does not give it away. */
export function codeHashOf(ctx: Context, account: string, code: string): Promise<string> {
  return keyedHash(ctx, 'code', `${account} ${code}`)
}

export function networkKeyOf(ctx: Context, network: string): Promise<string> {
  return keyedHash(ctx, 'network', network)
}

async function keyedHash({ config }: Context, purpose: string, text: string): Promise<string> {
  const bytes = (of: string) => new TextEncoder().encode(of)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes(config.secret), algorithm, false, ['sign'])
  const signed = await crypto.subtle.sign('HMAC', key, bytes(`verification ${purpose} ${text}`))
  return Buffer.from(signed).toString('base64url')
}
