/** An ID in the form of OpenIM's message IDs: 32 hexadecimal digits. */
export function messageID(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
