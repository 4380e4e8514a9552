import { and, eq, gt, lt, lte, sql } from 'drizzle-orm'
import type { Database } from '../../platform/storage/d1.ts'
import { verificationCode, verificationCount } from './tables.ts'

export interface CodeRow {
  account: string
  codeHash: string
  sendTime: number
  expireTime: number
}

/** Whether the newest code of an address was sent after `moment` (ms). */
export async function wasSentAfter(db: Database, account: string, moment: number): Promise<boolean> {
  const found = await db
    .select({ account: verificationCode.account })
    .from(verificationCode)
    .where(and(eq(verificationCode.account, account), gt(verificationCode.sendTime, moment)))
  return found.length > 0
}

/**
 * Replaces the code of an address, unless the old code was sent after `pausedSince` (ms).
 * @returns whether it was replaced
 */
export async function replaceCode(db: Database, row: CodeRow, pausedSince: number): Promise<boolean> {
  const fresh = { ...row, attempts: 0, used: false }
  const written = await db
    .insert(verificationCode)
    .values(fresh)
    .onConflictDoUpdate({
      target: verificationCode.account,
      set: fresh,
      setWhere: lte(verificationCode.sendTime, pausedSince),
    })
    .returning({ account: verificationCode.account })
  return written.length > 0
}

/** Deletes a code that could not be sent. */
export async function deleteCode(db: Database, { account, codeHash }: CodeRow): Promise<void> {
  await db
    .delete(verificationCode)
    .where(and(eq(verificationCode.account, account), eq(verificationCode.codeHash, codeHash)))
}

/** Increments the count of a subject; the count restarts after `windowMs`. @returns the new count */
export async function incrementCount(db: Database, subject: string, now: number, windowMs: number): Promise<number> {
  const isWindowOver = sql`${verificationCount.windowStart} <= ${now - windowMs}`
  const [row] = await db
    .insert(verificationCount)
    .values({ subject, windowStart: now, count: 1 })
    .onConflictDoUpdate({
      target: verificationCount.subject,
      set: {
        count: sql`CASE WHEN ${isWindowOver} THEN 1 ELSE ${verificationCount.count} + 1 END`,
        windowStart: sql`CASE WHEN ${isWindowOver} THEN ${now} ELSE ${verificationCount.windowStart} END`,
      },
    })
    .returning({ count: verificationCount.count })
  return row?.count ?? 1
}

/**
 * Uses one attempt to verify the code of an address. The attempt is counted before the code is compared, so that
 * parallel guesses get no extra attempts.
 * @returns the hash of the code, or null when there is no valid code or no attempt left
 */
export async function useAttempt(
  db: Database,
  account: string,
  now: number,
  maxAttempts: number,
): Promise<string | null> {
  const [row] = await db
    .update(verificationCode)
    .set({ attempts: sql`${verificationCode.attempts} + 1` })
    .where(
      and(
        eq(verificationCode.account, account),
        eq(verificationCode.used, false),
        gt(verificationCode.expireTime, now),
        lt(verificationCode.attempts, maxAttempts),
      ),
    )
    .returning({ codeHash: verificationCode.codeHash })
  return row?.codeHash ?? null
}

/** Restores the attempt of a successful verification. */
export async function restoreAttempt(db: Database, account: string, codeHash: string): Promise<void> {
  await db
    .update(verificationCode)
    .set({ attempts: sql`${verificationCode.attempts} - 1` })
    .where(and(eq(verificationCode.account, account), eq(verificationCode.codeHash, codeHash)))
}

/** Marks a code as used. @returns false when a parallel call has used it already */
export async function markUsed(db: Database, account: string, codeHash: string): Promise<boolean> {
  const used = await db
    .update(verificationCode)
    .set({ used: true })
    .where(
      and(
        eq(verificationCode.account, account),
        eq(verificationCode.codeHash, codeHash),
        eq(verificationCode.used, false),
      ),
    )
    .returning({ account: verificationCode.account })
  return used.length > 0
}

export async function findCode(
  db: Database,
  account: string,
): Promise<{ used: boolean; expireTime: number } | undefined> {
  const [row] = await db
    .select({ used: verificationCode.used, expireTime: verificationCode.expireTime })
    .from(verificationCode)
    .where(eq(verificationCode.account, account))
  return row
}

/** Deletes codes that expired, and counts whose window started, before `moment` (ms). */
export async function deleteBefore(db: Database, moment: number): Promise<void> {
  await db.batch([
    db.delete(verificationCode).where(lt(verificationCode.expireTime, moment)),
    db.delete(verificationCount).where(lt(verificationCount.windowStart, moment)),
  ])
}
