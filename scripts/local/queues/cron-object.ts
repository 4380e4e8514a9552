import { DurableObject } from 'cloudflare:workers'
import { nextCronTime } from './cron-time.ts'

interface CronBindings {
  /** The times in wrangler.toml. */
  CRONS: string[]
  /** The Worker of wrangler.toml. */
  WORKER: { scheduled(event: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }> }
}

/** The pause before a failed cron runs again. */
const RETRY_MS = 60_000

/**
 * Runs the crons of wrangler.toml on a local server, whose runtime never runs them. A time that passes while the server
 * is stopped is made up for at the next start, so that a machine that is off at night is cleaned, too.
 */
export class CronObject extends DurableObject<CronBindings> {
  constructor(state: DurableObjectState, env: CronBindings) {
    super(state, env)
    state.storage.sql.exec('CREATE TABLE IF NOT EXISTS crons (cron TEXT PRIMARY KEY, next INTEGER NOT NULL)')
  }

  /** Plans the crons of this version, and forgets the crons of an older one. */
  async plan(): Promise<void> {
    const { sql } = this.ctx.storage
    for (const { cron } of this.#planned()) {
      if (!this.env.CRONS.includes(cron)) sql.exec('DELETE FROM crons WHERE cron = ?', cron)
    }
    for (const cron of this.env.CRONS) {
      sql.exec('INSERT INTO crons VALUES (?, ?) ON CONFLICT (cron) DO NOTHING', cron, nextCronTime(cron, Date.now()))
    }
    await this.#schedule()
  }

  override async alarm(): Promise<void> {
    for (const { cron, next } of this.#planned()) {
      if (next > Date.now()) continue
      const succeeded = await this.#run(cron, next)
      // A crash before the next line runs the cron again: at least once.
      const time = succeeded ? nextCronTime(cron, Date.now()) : Date.now() + RETRY_MS
      this.ctx.storage.sql.exec('UPDATE crons SET next = ? WHERE cron = ?', time, cron)
    }
    await this.#schedule()
  }

  async #run(cron: string, next: number): Promise<boolean> {
    try {
      const { outcome } = await this.env.WORKER.scheduled({ cron, scheduledTime: new Date(next) })
      if (outcome === 'ok') return true
      throw new Error(`outcome ${outcome}`)
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', message: 'cron failed', cron, error: String(error) }))
      return false
    }
  }

  #planned(): { cron: string; next: number }[] {
    return this.ctx.storage.sql
      .exec<{ cron: string; next: number }>('SELECT cron, next FROM crons ORDER BY next')
      .toArray()
  }

  async #schedule(): Promise<void> {
    const [first] = this.#planned()
    if (first) await this.ctx.storage.setAlarm(Math.max(first.next, Date.now()))
  }
}
