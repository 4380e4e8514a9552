/** Texts that break a rule for a reason. */
export const ALLOWED: readonly { path: string; text: string; why: string }[] = []
