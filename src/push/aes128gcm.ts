/** A browser's public key and shared secret, in base64url. */
export interface BrowserKeys {
  p256dh: string
  auth: string
}

const SALT_BYTES = 16
const KEY_BYTES = 16
const NONCE_BYTES = 12
const SECRET_BYTES = 32
/** The payload is one record: it is always smaller than this. */
const RECORD_BYTES = 4_096
/** The delimiter byte that ends the last record. */
const LAST_RECORD = 2

const CURVE = { name: 'ECDH', namedCurve: 'P-256' }

/**
 * Encrypts a Web Push payload (RFC 8291 with the aes128gcm encoding of RFC 8188). Every call uses a new key pair.
 * @throws Error when the browser's public key is not a point on the curve
 */
export async function encryptForBrowser(plain: Uint8Array, keys: BrowserKeys): Promise<Uint8Array<ArrayBuffer>> {
  const theirs = Buffer.from(keys.p256dh, 'base64url')
  const theirKey = await crypto.subtle.importKey('raw', theirs, CURVE, false, [])
  const pair = (await crypto.subtle.generateKey(CURVE, true, ['deriveBits'])) as CryptoKeyPair
  const ours = new Uint8Array((await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer)
  const shared = await crypto.subtle.deriveBits(ecdhWith(theirKey), pair.privateKey, SECRET_BYTES * 8)
  const info = joined(bytesOf('WebPush: info\0'), theirs, ours)
  const secret = await hkdf(Buffer.from(keys.auth, 'base64url'), new Uint8Array(shared), info, SECRET_BYTES)
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const key = await hkdf(salt, secret, bytesOf('Content-Encoding: aes128gcm\0'), KEY_BYTES)
  const nonce = await hkdf(salt, secret, bytesOf('Content-Encoding: nonce\0'), NONCE_BYTES)
  const cipher = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])
  const record = joined(plain, Uint8Array.of(LAST_RECORD))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, cipher, record)
  const recordSize = new Uint8Array(4)
  new DataView(recordSize.buffer).setUint32(0, RECORD_BYTES)
  return joined(salt, recordSize, Uint8Array.of(ours.length), ours, new Uint8Array(sealed))
}

async function hkdf(
  salt: Uint8Array<ArrayBuffer>,
  secret: Uint8Array<ArrayBuffer>,
  info: Uint8Array<ArrayBuffer>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, key, length * 8))
}

/** The runtime accepts the standard's field `public`; its types only declare the field name of its first releases. */
function ecdhWith(publicKey: CryptoKey): SubtleCryptoDeriveKeyAlgorithm {
  return { name: 'ECDH', public: publicKey } as SubtleCryptoDeriveKeyAlgorithm
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return joined(new TextEncoder().encode(text))
}
