import type { MultiLoginPolicy } from '../../platform/config.ts'
import { type PlatformClass, platformClass } from '../../protocol/constants/platform.ts'

/** What is compared when a device logs in: a session that was opened earlier, or a live connection. */
export interface Login {
  platformID: number
  tokenKey: string
}

interface Rule {
  /** Whether a login on `arriving` makes a login on `present` go. */
  displaces(arriving: number, present: number): boolean
}

const samePlatform = (a: number, b: number) => a === b
const sameClass = (a: number, b: number) => platformClass(a) === platformClass(b)
const ofClass = (platformID: number, name: PlatformClass) => platformClass(platformID) === name

/** OpenIM's multi-login policies, one row each. */
const RULES: Record<MultiLoginPolicy, Rule> = {
  // Nobody goes.
  0: { displaces: () => false },
  // One device per platform.
  1: { displaces: samePlatform },
  // One device per class: a phone displaces the other phone, a desktop the other desktop.
  4: { displaces: sameClass },
  // Desktops are free; of everything else there is one.
  5: { displaces: (arriving, present) => !ofClass(arriving, 'PC') && !ofClass(present, 'PC') },
}

/**
 * Which of the present logins go when a device logs in. One with the same token is the same device coming back, and
 * the administrators' platform is outside every policy.
 */
export function displacedBy<L extends Login>(policy: MultiLoginPolicy, arriving: Login, present: readonly L[]): L[] {
  if (ofClass(arriving.platformID, 'Admin')) return []
  const rule = RULES[policy]
  return present.filter(
    (login) =>
      login.tokenKey !== arriving.tokenKey &&
      !ofClass(login.platformID, 'Admin') &&
      rule.displaces(arriving.platformID, login.platformID),
  )
}
