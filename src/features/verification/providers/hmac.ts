const encode = (text: string) => new TextEncoder().encode(text)

export async function sha256Hex(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', encode(text))).toString('hex')
}

export async function hmacSha256(key: string | ArrayBuffer, text: string): Promise<ArrayBuffer> {
  const bytes = typeof key === 'string' ? encode(key) : key
  const imported = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return crypto.subtle.sign('HMAC', imported, encode(text))
}

export function hex(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('hex')
}
