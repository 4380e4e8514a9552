/** Above this a byte would make the lower digits likelier. */
const FAIR_BYTES = 250

export function randomDigits(length: number): string {
  let digits = ''
  while (digits.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      if (byte < FAIR_BYTES && digits.length < length) digits += byte % 10
    }
  }
  return digits
}
