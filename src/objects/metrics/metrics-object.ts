import { DurableObject } from 'cloudflare:workers'
import { count, ne } from 'drizzle-orm'
import type { Gauges, MetricsRpc } from '../../contracts/metrics.ts'
import { type Outcome, outcomeOf, type Serves } from '../../contracts/outcome.ts'
import type { Bindings } from '../../env.ts'
import { group } from '../../features/group/tables.ts'
import { conversationDirectory } from '../../features/message/tables.ts'
import { user } from '../../features/user/tables.ts'
import { openDatabase } from '../../platform/storage/d1.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import type { Counts } from '../../runtime/counters.ts'
import { metricsMigrations } from './migrations.ts'

/** Counting the rows of a table reads all of them: that is done no more often than this, however often one asks. */
const GAUGES_AGE_MS = 600_000

const DISMISSED = 2

/** The one object that adds up what all isolates have counted. */
export class MetricsObject extends DurableObject<Bindings> implements Serves<MetricsRpc> {
  readonly #totals: Counts
  #gauges: { values: Gauges; time: number } | null = null

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    migrate(state.storage, metricsMigrations)
    const [row] = state.storage.sql.exec<{ counts: string }>('SELECT counts FROM totals').toArray()
    this.#totals = row ? JSON.parse(row.counts) : {}
  }

  add(counts: Counts): Promise<Outcome<void>> {
    return outcomeOf(() => {
      for (const [series, by] of Object.entries(counts)) this.#totals[series] = (this.#totals[series] ?? 0) + by
      // All series in one row: rows are what is paid for.
      this.ctx.storage.sql.exec(
        'INSERT OR REPLACE INTO totals (id, counts) VALUES (1, ?)',
        JSON.stringify(this.#totals),
      )
    })
  }

  totals(): Promise<Outcome<Counts>> {
    return outcomeOf(() => this.#totals)
  }

  gauges(): Promise<Outcome<Gauges>> {
    return outcomeOf(async () => {
      const now = Date.now()
      if (!this.#gauges || now - this.#gauges.time > GAUGES_AGE_MS) {
        this.#gauges = { values: await measure(this.env), time: now }
      }
      return this.#gauges.values
    })
  }
}

async function measure(env: Bindings): Promise<Gauges> {
  const db = openDatabase(env.DB)
  const [[users], [groups], [conversations]] = await db.batch([
    db.select({ rows: count() }).from(user),
    db.select({ rows: count() }).from(group).where(ne(group.status, DISMISSED)),
    db.select({ rows: count() }).from(conversationDirectory),
  ])
  return { users: users?.rows ?? 0, groups: groups?.rows ?? 0, conversations: conversations?.rows ?? 0 }
}
