/** Kinds of client. A login names one; the multi-login policy compares platforms or their classes. */
export const Platform = {
  IOS: 1,
  Android: 2,
  Windows: 3,
  OSX: 4,
  Web: 5,
  MiniWeb: 6,
  Linux: 7,
  AndroidPad: 8,
  IPad: 9,
  Admin: 10,
  HarmonyOS: 11,
} as const

export type PlatformID = (typeof Platform)[keyof typeof Platform]

/** Under the "same class" login policy, a login logs out the other devices of its class. */
export type PlatformClass = 'Mobile' | 'PC' | 'Pad' | 'Web' | 'MiniWeb' | 'Admin' | 'HarmonyOS'

interface PlatformEntry {
  /** OpenIM: this spelling is on the wire, in presence replies and in webhooks (protocol/constant). */
  name: string
  class: PlatformClass
}

export const PLATFORMS: Readonly<Record<PlatformID, PlatformEntry>> = {
  1: { name: 'IOS', class: 'Mobile' },
  2: { name: 'Android', class: 'Mobile' },
  3: { name: 'Windows', class: 'PC' },
  4: { name: 'OSX', class: 'PC' },
  5: { name: 'Web', class: 'Web' },
  6: { name: 'MiniWeb', class: 'MiniWeb' },
  7: { name: 'Linux', class: 'PC' },
  8: { name: 'APad', class: 'Pad' },
  9: { name: 'IPad', class: 'Pad' },
  10: { name: 'Admin', class: 'Admin' },
  11: { name: 'HarmonyOS', class: 'HarmonyOS' },
}

export function isPlatformID(n: number): n is PlatformID {
  return Number.isInteger(n) && n >= Platform.IOS && n <= Platform.HarmonyOS
}

/** The platform's name on the wire. OpenIM: "" for a number that is not a platform. */
export function platformName(id: number): string {
  return isPlatformID(id) ? PLATFORMS[id].name : ''
}

/** The class that the multi-login policy compares; null for a number that is not a platform. */
export function platformClass(id: number): PlatformClass | null {
  return isPlatformID(id) ? PLATFORMS[id].class : null
}
