/**
 * OpenIM: the kind of an account, in the field `appMangerLevel` (the spelling is on the wire). A person has 0 or 1.
 * Accounts from `NotificationAccount` on belong to the app: no person logs in with them.
 */
export const AccountLevel = { Person: 1, Admin: 2, NotificationAccount: 3, Robot: 4 } as const
