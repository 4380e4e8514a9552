import { PLATFORMS, type PlatformClass, platformClass } from './constants/platform.ts'

/** Whom a login of a class displaces: whole classes, or only the very same platform. */
export type Displaced = PlatformClass | 'same platform'

/** One line per class of the arriving device; a class without a line displaces nobody. */
export type MultiLoginRules = Readonly<Partial<Record<PlatformClass, readonly Displaced[]>>>

/** Administrators are outside every policy. */
const CLASSES = [...new Set(Object.values(PLATFORMS).map((platform) => platform.class))].filter(
  (name) => name !== 'Admin',
)
const NOT_PC = CLASSES.filter((name) => name !== 'PC')

const each = (classes: readonly PlatformClass[], displaces: (name: PlatformClass) => readonly Displaced[]) =>
  Object.fromEntries(classes.map((name) => [name, displaces(name)])) as MultiLoginRules

/** OpenIM's policies, by their number in its configuration. */
export const MULTI_LOGIN_POLICIES = {
  // Nobody goes.
  0: {},
  // One device per platform.
  1: each(CLASSES, () => ['same platform']),
  // One device per class: a phone displaces the other phone, a desktop the other desktop.
  4: each(CLASSES, (name) => [name]),
  // Desktops are free; of everything else there is one.
  5: each(NOT_PC, () => NOT_PC),
} as const satisfies Record<number, MultiLoginRules>

export type MultiLoginPolicy = keyof typeof MULTI_LOGIN_POLICIES

/** What is compared when a device logs in: a session that was opened earlier, or a live connection. */
export interface Login {
  platformID: number
  tokenKey: string
}

/** Which of the present logins go when a device logs in. One with the same token is the same device coming back. */
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
