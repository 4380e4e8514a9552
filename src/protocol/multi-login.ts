import { PLATFORMS, type PlatformClass, platformClass } from './constants/platform.ts'

/** The devices that a login logs out: all devices of a class, or only those of the same platform. */
export type Displaced = PlatformClass | 'same platform'

/** One entry per class of the arriving device; a class without an entry logs no device out. */
export type MultiLoginRules = Readonly<Partial<Record<PlatformClass, readonly Displaced[]>>>

/** No policy applies to administrators. */
const CLASSES = [...new Set(Object.values(PLATFORMS).map((platform) => platform.class))].filter(
  (name) => name !== 'Admin',
)
const NOT_PC = CLASSES.filter((name) => name !== 'PC')

const each = (classes: readonly PlatformClass[], displaces: (name: PlatformClass) => readonly Displaced[]) =>
  Object.fromEntries(classes.map((name) => [name, displaces(name)])) as MultiLoginRules

/** OpenIM's policies, by their number in its configuration. */
export const MULTI_LOGIN_POLICIES = {
  // Any number of devices.
  0: {},
  // One device per platform.
  1: each(CLASSES, () => ['same platform']),
  // One device per class: a phone displaces the other phone, a desktop the other desktop.
  4: each(CLASSES, (name) => [name]),
  // Any number of desktops, and one device of all other classes together.
  5: each(NOT_PC, () => NOT_PC),
} as const satisfies Record<number, MultiLoginRules>

export type MultiLoginPolicy = keyof typeof MULTI_LOGIN_POLICIES

/** A session that was opened earlier, or a live connection: a login is compared with both. */
export interface Login {
  platformID: number
  tokenKey: string
}

/** The present logins that a new login logs out. A login with the same token is the same device, which reconnects. */
export function displacedBy<L extends Login>(rules: MultiLoginRules, arriving: Login, present: readonly L[]): L[] {
  const arrivingClass = platformClass(arriving.platformID)
  const displaced = arrivingClass ? (rules[arrivingClass] ?? []) : []
  return present.filter(({ tokenKey, platformID }) => {
    if (tokenKey === arriving.tokenKey) return false
    const presentClass = platformClass(platformID)
    return (
      (platformID === arriving.platformID && displaced.includes('same platform')) ||
      (presentClass !== null && displaced.includes(presentClass))
    )
  })
}
