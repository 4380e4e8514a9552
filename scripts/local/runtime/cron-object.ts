import { DurableObject } from 'cloudflare:workers'
import { type LocalBindings, localJobs, localSettings } from './bindings.ts'
import { nextCronTime } from './cron-time.ts'

/**
 * Runs the crons of wrangler.toml on the local server, whose runtime never runs them by itself. A time that passes while
 * the server is stopped is made up for at the next start, so that a machine that sleeps at night is cleaned too.
 */
export class LocalCronObject extends DurableObject<LocalBindings> {
  constructor(state: DurableObjectState, env: LocalBindings) {
    super(state, env)
    state.storage.sql.exec('CREATE TABLE IF NOT EXISTS crons (cron TEXT PRIMARY KEY, next INTEGER NOT NULL)')
  }

  /** Plans the crons of the settings, and forgets the crons that are gone. Called when the server starts. */
  async wake(): Promise<void> {
    const { crons } = localSettings(this.env)
    for (const { cron } of this.#planned()) {
      if (!crons.includes(cron)) this.ctx.storage.sql.exec('DELETE FROM crons WHERE cron = ?', cron)
    }
    for (const cron of crons) {
      const next = nextCronTime(cron, Date.now())
      this.ctx.storage.sql.exec('INSERT INTO crons VALUES (?, ?) ON CONFLICT (cron) DO NOTHING', cron, next)
    }
    await this.#schedule()
  }

  override async alarm(): Promise<void> {
    for (const { cron, next } of this.#planned()) {
      if (next > Date.now()) continue
      // A crash before the next line runs the cron again: at least once.
      await localJobs(this.ctx).runCron(cron, next)
      this.ctx.storage.sql.exec('UPDATE crons SET next = ? WHERE cron = ?', nextCronTime(cron, Date.now()), cron)
    }
    await this.#schedule()
  }

  #planned(): { cron: string; next: number }[] {
    return this.ctx.storage.sql
      .exec<{ cron: string; next: number }>('SELECT cron, next FROM crons ORDER BY next')
      .toArray()
  }

  async #schedule(): Promise<void> {
    const [first] = this.#planned()
    if (first) await this.ctx.storage.setAlarm(Math.max(first.next, Date.now()))
    else await this.ctx.storage.deleteAlarm()
  }
}
