import { and, eq, gt, lt, lte, sql } from 'drizzle-orm'
import type { Database } from '../../platform/storage/d1.ts'
import { verificationCode, verificationCount } from './tables.ts'

export interface CodeRow {
  account: string
  codeHash: string
  sendTime: number
  expireTime: number
}

/** Whether the newest code of an address was sent after a moment (ms). */
export async function wasSentAfter(db: Database, account: string, moment: number): Promise<boolean> {
  const found = await db
    .select({ account: verificationCode.account })
    .from(verificationCode)
    .where(and(eq(verificationCode.account, account), gt(verificationCode.sendTime, moment)))
  return found.length > 0
}

/** Keeps a code in place of the older one, unless that was sent after `pausedSince` (ms). Answers whether it did. */
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

/** Takes back a code that could not be sent. */
export async function dropCode(db: Database, { account, codeHash }: CodeRow): Promise<void> {
  await db
    .delete(verificationCode)
    .where(and(eq(verificationCode.account, account), eq(verificationCode.codeHash, codeHash)))
}

/** Counts one more, in a window that began at most `windowMs` ago. Answers how many that makes. */
export async function countOneMore(db: Database, subject: string, now: number, windowMs: number): Promise<number> {
  const isOver = sql`${verificationCount.windowStart} <= ${now - windowMs}`
  const [row] = await db
    .insert(verificationCount)
    .values({ subject, windowStart: now, count: 1 })
    .onConflictDoUpdate({
      target: verificationCount.subject,
      set: {
        count: sql`CASE WHEN ${isOver} THEN 1 ELSE ${verificationCount.count} + 1 END`,
        windowStart: sql`CASE WHEN ${isOver} THEN ${now} ELSE ${verificationCount.windowStart} END`,
      },
    })
    .returning({ count: verificationCount.count })
  return row?.count ?? 1
}

/**
 * Spends one attempt at the code of an address and answers its hash, or null when there is nothing to try. The attempt
 * is spent before anything is compared, so that guessing in parallel wins nothing.
 */
export async function spendAttempt(
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

/** Gives back the attempt of a code that was right. */
export async function returnAttempt(db: Database, account: string, codeHash: string): Promise<void> {
  await db
    .update(verificationCode)
    .set({ attempts: sql`${verificationCode.attempts} - 1` })
    .where(and(eq(verificationCode.account, account), eq(verificationCode.codeHash, codeHash)))
}

/** Uses a code up. Answers false when somebody was faster. */
export async function useUp(db: Database, account: string, codeHash: string): Promise<boolean> {
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

/** Forgets codes that ended, and windows that began, before a moment (ms). */
export async function forgetBefore(db: Database, moment: number): Promise<void> {
  await db.batch([
    db.delete(verificationCode).where(lt(verificationCode.expireTime, moment)),
    db.delete(verificationCount).where(lt(verificationCount.windowStart, moment)),
  ])
}
