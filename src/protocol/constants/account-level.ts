/**
 * The kinds of accounts, as OpenIM numbers them; the field is `appMangerLevel`, spelt like this. A person has 0
 * or 1. Accounts from `NotificationAccount` on belong to the app: no person logs in with them.
 */
export const AccountLevel = { Person: 1, Admin: 2, NotificationAccount: 3, Robot: 4 } as const

/** `accountStatus` of a userID. */
export const AccountStatus = { Unregistered: 0, Registered: 1 } as const
