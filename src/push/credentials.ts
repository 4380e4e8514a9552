import { and, eq, sql } from 'drizzle-orm'
import { sleep } from '../platform/concurrency/backoff.ts'
import type { Database } from '../platform/storage/d1.ts'
import { pushCredential } from './tables.ts'

/** A credential is renewed this long before it expires. */
const MARGIN_MS = 300_000
/** How long an isolate may take to renew one before another tries. */
const CLAIM_MS = 15_000
const POLL_MS = 250

export interface Credential {
  value: string
  /** ms. */
  issuedAt: number
  expiresAt: number
}

/** What this isolate has read lately, by name: most calls need no look into D1. */
const held = new Map<string, Credential>()

/**
 * Access tokens of the vendors, shared by all isolates. They lie in D1: it has one primary, so that a claim decides who
 * renews, and the queue's consumers stand on it anyway. A cache would be one per data centre, and Apple and GeTui
 * punish those who ask for tokens often; an object of its own would be one more thing to deploy for a row an hour.
 */
export class Credentials {
  readonly #db: Database
  readonly #now: () => number

  constructor(db: Database, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /**
   * The credential of that name. The first to find it about to expire renews it; meanwhile the others use the old one,
   * or wait where there is none.
   * @param issue gets a new one
   */
  async get(name: string, issue: () => Promise<Credential>): Promise<Credential> {
    const own = held.get(name)
    if (own && this.#isFresh(own)) return own
    const deadline = this.#now() + CLAIM_MS
    for (;;) {
      const stored = await this.#read(name)
      if (stored && this.#isFresh(stored)) return this.#hold(name, stored)
      if (await this.#claim(name)) return this.#hold(name, await this.#renew(name, issue))
      if (stored && stored.expiresAt > this.#now()) return stored
      if (this.#now() > deadline) throw new Error(`${name} is being renewed elsewhere`)
      await sleep(POLL_MS)
    }
  }

  /** The vendor did not take it, whatever its time: the next `get` renews it, unless that was done already. */
  async reject(name: string, { value }: Credential): Promise<void> {
    if (held.get(name)?.value === value) held.delete(name)
    await this.#db
      .update(pushCredential)
      .set({ expiresAt: 0 })
      .where(and(eq(pushCredential.name, name), eq(pushCredential.value, value)))
  }

  #isFresh({ expiresAt }: Credential): boolean {
    return expiresAt - MARGIN_MS > this.#now()
  }

  #hold(name: string, credential: Credential): Credential {
    held.set(name, credential)
    return credential
  }

  async #read(name: string): Promise<Credential | null> {
    const [row] = await this.#db.select().from(pushCredential).where(eq(pushCredential.name, name))
    return row && row.value !== '' ? row : null
  }

  /** One statement, so that of all who find the credential stale one gets it. */
  async #claim(name: string): Promise<boolean> {
    const now = this.#now()
    const claimed = await this.#db
      .insert(pushCredential)
      .values({ name, value: '', issuedAt: 0, expiresAt: 0, claimedUntil: now + CLAIM_MS })
      .onConflictDoUpdate({
        target: pushCredential.name,
        set: { claimedUntil: sql`excluded.claimed_until` },
        setWhere: sql`${pushCredential.claimedUntil} < ${now} AND ${pushCredential.expiresAt} < ${now + MARGIN_MS}`,
      })
      .returning({ name: pushCredential.name })
    return claimed.length > 0
  }

  async #renew(name: string, issue: () => Promise<Credential>): Promise<Credential> {
    try {
      const issued = await issue()
      await this.#put(name, { ...issued, claimedUntil: 0 })
      return issued
    } catch (error) {
      await this.#put(name, { claimedUntil: 0 })
      throw error
    }
  }

  async #put(name: string, fields: Partial<typeof pushCredential.$inferInsert>): Promise<void> {
    await this.#db.update(pushCredential).set(fields).where(eq(pushCredential.name, name))
  }
}
