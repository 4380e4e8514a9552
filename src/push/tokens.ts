import { and, desc, eq, gt, inArray, lte, ne, or } from 'drizzle-orm'
import type { ProviderName } from '../config/push.ts'
import { chunked, type Database } from '../platform/storage/d1.ts'
import { displacedBy, type MultiLoginRules } from '../protocol/multi-login.ts'
import { type DeviceTokenRow, deviceToken } from './tables.ts'

/** A user keeps at most this many tokens per provider, the newest, even when the login policy allows more devices. */
const MAX_TOKENS = 10

/**
 * Stores a device's token. It removes the tokens of devices that a login of this device would log out, so that a phone
 * which was logged out gets no more pushes.
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
  const displaced = Map.groupBy(displacedTokens(row, present, rules), ({ provider }) => provider)
  const deletes = [...displaced].flatMap(([provider, rows]) =>
    chunked(rows.map(({ token }) => token)).map((tokens) => deleteStatement(db, provider, tokens)),
  )
  await db.batch([save, ...deletes])
}

/**
 * A device may have one token per provider, so on its own platform a new token displaces tokens of its provider only.
 */
function displacedTokens(
  arriving: DeviceTokenRow,
  present: readonly DeviceTokenRow[],
  rules: MultiLoginRules,
): DeviceTokenRow[] {
  const login = { platformID: arriving.platformID, tokenKey: '' }
  const sameProvider = present.filter(({ provider }) => provider === arriving.provider)
  return present.filter((row) => {
    if (row.expiresAt !== 0 && row.expiresAt <= arriving.updatedAt) return true
    if (sameProvider.indexOf(row) >= MAX_TOKENS - 1) return true
    const isOtherProvider = row.provider !== arriving.provider && row.platformID === arriving.platformID
    return (
      !isOtherProvider && displacedBy(rules, login, [{ platformID: row.platformID, tokenKey: row.token }]).length > 0
    )
  })
}

/** Removes tokens of any user, because the vendor reports them as no longer valid. */
export async function removeInvalidTokens(
  db: Database,
  provider: ProviderName,
  tokens: readonly string[],
): Promise<void> {
  for (const part of chunked(tokens)) await deleteStatement(db, provider, part)
}

/** Removes a token if it belongs to this user. */
export async function removeToken(db: Database, userID: string, provider: string, token: string): Promise<void> {
  await db
    .delete(deviceToken)
    .where(and(eq(deviceToken.provider, provider), eq(deviceToken.token, token), eq(deviceToken.userID, userID)))
}

/** Removes all tokens that a user has on a platform, as a logout does. */
export async function removeTokensOfPlatform(db: Database, userID: string, platformID: number): Promise<void> {
  await db.delete(deviceToken).where(and(eq(deviceToken.userID, userID), eq(deviceToken.platformID, platformID)))
}

/** The tokens of these users that have not expired at `now` (ms). */
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

function deleteStatement(db: Database, provider: string, tokens: readonly string[]) {
  return db.delete(deviceToken).where(and(eq(deviceToken.provider, provider), inArray(deviceToken.token, [...tokens])))
}
