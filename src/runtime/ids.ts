import { createHash } from 'node:crypto'

/** An ID in the form of OpenIM's message IDs: 32 hexadecimal digits. */
export function messageID(): string {
  return crypto.randomUUID().replaceAll('-', '')
}

/** An ID of the same form, computed from the parts: repeated work gets the same ID. */
export function derivedID(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
