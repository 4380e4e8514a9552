import { DurableObject } from 'cloudflare:workers'
import type { Gauges, MetricsRpc } from '../../contracts/metrics.ts'
import { type Outcome, outcomeOf, type Serves } from '../../contracts/outcome.ts'
import type { Bindings } from '../../env.ts'
import { countGroupsStatement } from '../../features/group/store/count-groups.ts'
import { countConversationsStatement } from '../../features/message/store.ts'
import { countUsersStatement } from '../../features/user/store/count-users.ts'
import { MINUTE_MS } from '../../platform/durations.ts'
import { openDatabase } from '../../platform/storage/d1.ts'
import { migrate } from '../../platform/storage/sqlite-migrations.ts'
import type { Counts } from '../../runtime/counters.ts'
import { metricsMigrations } from './migrations.ts'

/** How long counted gauges are reused. Counting a table reads all its rows, so more calls must not mean more counts. */
const GAUGES_MAX_AGE_MS = 10 * MINUTE_MS

/** The one object that adds up the counters of all isolates. */
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
      // All series share one row, because Cloudflare bills written rows.
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
      if (!this.#gauges || now - this.#gauges.time > GAUGES_MAX_AGE_MS) {
        this.#gauges = { values: await readGauges(this.env), time: now }
      }
      return this.#gauges.values
    })
  }
}

async function readGauges(env: Bindings): Promise<Gauges> {
  const db = openDatabase(env.DB)
  const [[users], [groups], [conversations]] = await db.batch([
    countUsersStatement(db),
    countGroupsStatement(db),
    countConversationsStatement(db),
  ])
  return { users: users?.rows ?? 0, groups: groups?.rows ?? 0, conversations: conversations?.rows ?? 0 }
}
