import fc from 'fast-check'

/* Damaged copies of valid inputs: most of such a copy is valid, so that it reaches code which random bytes never reach. */

/** A place in a text or in bytes, as a part of its length. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
const size = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }))

/** Bytes that encodings use as lengths, signs and ends, and numbers far beyond the input. */
const TELLING: readonly (readonly number[])[] = [
  ...[[0], [1], [0x7f], [0x80], [0xfe], [0xff], [0x22], [0x5c], [0x7b], [0x0d, 0x0a], [0x2d, 0x2d]],
  ...[
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x80, 0x80, 0],
  ],
  ...[
    [0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0xfc, 0xff, 0xff, 0xff, 0xff],
    [0xed, 0xa0, 0x80],
  ],
]
const telling = fc.constantFrom(...TELLING)

/** One damage: takes the bytes, and another valid input. */
type Damage = (bytes: number[], other: readonly number[]) => number[]

const at = (bytes: readonly number[], part: number) => Math.floor(part * bytes.length)

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(
    ([part, bit]): Damage =>
      (bytes) => {
        const flipped = [...bytes]
        const index = at(bytes, part)
        if (flipped[index] !== undefined) flipped[index] ^= 1 << bit
        return flipped
      },
  ),
  fc.tuple(place, size).map(
    ([part, count]): Damage =>
      (bytes) =>
        bytes.toSpliced(at(bytes, part), count),
  ),
  place.map(
    (part): Damage =>
      (bytes) =>
        bytes.slice(0, at(bytes, part)),
  ),
  fc.tuple(place, size).map(
    ([part, count]): Damage =>
      (bytes) => {
        const index = at(bytes, part)
        return bytes.toSpliced(index, 0, ...bytes.slice(index, index + count))
      },
  ),
  fc.tuple(place, telling).map(
    ([part, put]): Damage =>
      (bytes) =>
        bytes.toSpliced(at(bytes, part), put.length, ...put),
  ),
  fc.tuple(place, telling).map(
    ([part, put]): Damage =>
      (bytes) =>
        bytes.toSpliced(at(bytes, part), 0, ...put),
  ),
  fc.tuple(place, place).map(
    ([head, tail]): Damage =>
      (bytes, other) => [...bytes.slice(0, at(bytes, head)), ...other.slice(at(other, tail))],
  ),
)

/** Copies of these inputs with one to four damages. Sometimes a copy has none, or is random from the first byte. */
export function damaged(valid: readonly Uint8Array[]): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const inputs = valid.map((bytes) => [...bytes])
  const one = fc.constantFrom(...inputs)
  const copies = fc
    .tuple(one, one, fc.array(damage, { maxLength: 4 }))
    .map(([bytes, other, damages]) => Uint8Array.from(damages.reduce((left, harm) => harm(left, other), bytes)))
  const random = fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.from(bytes))
  return fc.oneof({ weight: 9, arbitrary: copies }, { weight: 1, arbitrary: random })
}
