/** Bytes from this value on are skipped: 256 is not a multiple of 10, so the digits 0 to 5 would be more likely. */
const FAIR_BYTES = 250

/** Random decimal digits; every digit is equally likely. */
export function randomDigits(length: number): string {
  let digits = ''
  while (digits.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length * 2))) {
      if (byte < FAIR_BYTES && digits.length < length) digits += byte % 10
    }
  }
  return digits
}
