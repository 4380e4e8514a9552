import { and, desc, eq, gt, inArray, lte, ne, or } from 'drizzle-orm'
import type { ProviderName } from '../config/push.ts'
import { chunked, type Database } from '../platform/storage/d1.ts'
import { displacedBy, type MultiLoginRules } from '../protocol/multi-login.ts'
import { type DeviceTokenRow, deviceToken } from './tables.ts'

/** However lenient the login policy, a user has at most so many devices with a provider: the newest. */
const MAX_TOKENS = 10

/**
 * Notes that a device can be reached under a token. It replaces the tokens of devices that a login of this one would
 * displace, so that a phone which was logged out does not go on ringing.
 */
export async function saveToken(db: Database, row: DeviceTokenRow, rules: MultiLoginRules): Promise<void> {
  const isAnother = or(ne(deviceToken.provider, row.provider), ne(deviceToken.token, row.token))
  const present = await db
    .select()
    .from(deviceToken)
    .where(and(eq(deviceToken.userID, row.userID), isAnother))
    .orderBy(desc(deviceToken.updatedAt))
  const save = db
    .insert(deviceToken)
    .values(row)
    .onConflictDoUpdate({ target: [deviceToken.provider, deviceToken.token], set: row })
  const gone = Map.groupBy(tokensThatGo(row, present, rules), ({ provider }) => provider)
  const removals = [...gone].flatMap(([provider, rows]) =>
    chunked(rows.map(({ token }) => token)).map((tokens) => removal(db, provider, tokens)),
  )
  await db.batch([save, ...removals])
}

/** One device may have a token of each vendor, so on its own platform an arriving token displaces its vendor's only. */
function tokensThatGo(
  arriving: DeviceTokenRow,
  present: readonly DeviceTokenRow[],
  rules: MultiLoginRules,
): DeviceTokenRow[] {
  const login = { platformID: arriving.platformID, tokenKey: '' }
  const ofVendor = present.filter(({ provider }) => provider === arriving.provider)
  return present.filter((row) => {
    if (row.expiresAt !== 0 && row.expiresAt <= arriving.updatedAt) return true
    if (ofVendor.indexOf(row) >= MAX_TOKENS - 1) return true
    const isOtherVendors = row.provider !== arriving.provider && row.platformID === arriving.platformID
    return (
      !isOtherVendors && displacedBy(rules, login, [{ platformID: row.platformID, tokenKey: row.token }]).length > 0
    )
  })
}

/** Removes tokens, whoever has them: the vendor says that the devices are gone. */
export async function removeDeadTokens(db: Database, provider: ProviderName, tokens: readonly string[]): Promise<void> {
  for (const part of chunked(tokens)) await removal(db, provider, part)
}

/** Removes a token of a user; of another user it is left alone. */
export async function removeToken(db: Database, userID: string, provider: string, token: string): Promise<void> {
  await db
    .delete(deviceToken)
    .where(and(eq(deviceToken.provider, provider), eq(deviceToken.token, token), eq(deviceToken.userID, userID)))
}

/** Removes what a user has registered on a platform, as a logout does. */
export async function removeTokensOfPlatform(db: Database, userID: string, platformID: number): Promise<void> {
  await db.delete(deviceToken).where(and(eq(deviceToken.userID, userID), eq(deviceToken.platformID, platformID)))
}

/** The tokens of these users that are good at the moment `now` (ms). */
export async function findTokens(db: Database, userIDs: readonly string[], now: number): Promise<DeviceTokenRow[]> {
  const [first, ...rest] = chunked(userIDs).map((part) =>
    db
      .select()
      .from(deviceToken)
      .where(and(inArray(deviceToken.userID, part), or(lte(deviceToken.expiresAt, 0), gt(deviceToken.expiresAt, now)))),
  )
  if (!first) return []
  return (await db.batch([first, ...rest])).flat()
}

function removal(db: Database, provider: string, tokens: readonly string[]) {
  return db.delete(deviceToken).where(and(eq(deviceToken.provider, provider), inArray(deviceToken.token, [...tokens])))
}
