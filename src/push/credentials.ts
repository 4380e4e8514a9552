import { and, eq, sql } from 'drizzle-orm'
import { sleep } from '../platform/concurrency/backoff.ts'
import type { Database } from '../platform/storage/d1.ts'
import { pushCredential } from './tables.ts'

/** A credential is renewed this long before it expires. */
const RENEW_BEFORE_MS = 300_000
/** Another isolate tries to renew a credential when the first isolate has not renewed it within this time. */
const CLAIM_MS = 15_000
const POLL_MS = 250

export interface Credential {
  value: string
  /** ms. */
  issuedAt: number
  expiresAt: number
}

/** The credentials that this isolate has read, by name: most calls need no query to D1. */
const cached = new Map<string, Credential>()

/**
 * The access tokens for the vendors, shared by all isolates. They are stored in D1, which has one primary, so that one
 * isolate wins the claim to renew a token; the queue consumers need D1 anyway. The Cache API would hold one copy per
 * data centre, and Apple and GeTui throttle callers that request tokens often. A Durable Object would be another class
 * to deploy, only to write one row an hour.
 */
export class Credentials {
  readonly #db: Database
  readonly #now: () => number

  constructor(db: Database, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /**
   * The credential of that name. The first isolate that finds it about to expire renews it. Meanwhile the other
   * isolates use the old credential, or wait when the old credential has expired.
   * @param issue gets a new credential from the vendor, or signs it
   */
  async get(name: string, issue: () => Promise<Credential>): Promise<Credential> {
    const known = cached.get(name)
    if (known && this.#isFresh(known)) return known
    const deadline = this.#now() + CLAIM_MS
    for (;;) {
      const stored = await this.#read(name)
      if (stored && this.#isFresh(stored)) return this.#cache(name, stored)
      if (await this.#claim(name)) return this.#cache(name, await this.#renew(name, issue))
      if (stored && stored.expiresAt > this.#now()) return stored
      if (this.#now() > deadline) throw new Error(`another isolate did not renew the credential ${name} in time`)
      await sleep(POLL_MS)
    }
  }

  /**
   * Expires a credential that the vendor rejected before its time: the next `get` renews it, unless another isolate has
   * already replaced it.
   */
  async reject(name: string, { value }: Credential): Promise<void> {
    if (cached.get(name)?.value === value) cached.delete(name)
    await this.#db
      .update(pushCredential)
      .set({ expiresAt: 0 })
      .where(and(eq(pushCredential.name, name), eq(pushCredential.value, value)))
  }

  #isFresh({ expiresAt }: Credential): boolean {
    return expiresAt - RENEW_BEFORE_MS > this.#now()
  }

  #cache(name: string, credential: Credential): Credential {
    cached.set(name, credential)
    return credential
  }

  async #read(name: string): Promise<Credential | null> {
    const [row] = await this.#db.select().from(pushCredential).where(eq(pushCredential.name, name))
    return row && row.value !== '' ? row : null
  }

  /** Claims the renewal in one statement, so that one isolate wins when several find the credential stale. */
  async #claim(name: string): Promise<boolean> {
    const now = this.#now()
    const claimed = await this.#db
      .insert(pushCredential)
      .values({ name, value: '', issuedAt: 0, expiresAt: 0, claimedUntil: now + CLAIM_MS })
      .onConflictDoUpdate({
        target: pushCredential.name,
        set: { claimedUntil: sql`excluded.claimed_until` },
        setWhere: sql`${pushCredential.claimedUntil} < ${now} AND ${pushCredential.expiresAt} < ${now + RENEW_BEFORE_MS}`,
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
