import { and, eq, inArray, ne, sql } from 'drizzle-orm'
import { OVERRIDES_SWITCH } from '../../config/overrides.ts'
import type { RuntimeSetting } from '../../config/settings.ts'
import { settingOverride } from '../../config/tables.ts'
import { chunked, type Database } from '../../platform/storage/d1.ts'

type NewRow = typeof settingOverride.$inferInsert

/** Inserts or replaces all of the overrides or none. */
export async function putOverrides(db: Database, rows: readonly NewRow[]): Promise<void> {
  const [first, ...rest] = chunked(rows, 4).map((part) =>
    db
      .insert(settingOverride)
      .values(part)
      .onConflictDoUpdate({
        target: settingOverride.name,
        set: {
          value: sql`excluded.value`,
          changedBy: sql`excluded.changed_by`,
          changeTime: sql`excluded.change_time`,
        },
      }),
  )
  if (first) await db.batch([first, ...rest])
}

/** Deletes the overrides of the given settings, or all; null = all. The on/off switch keeps its value. */
export async function deleteOverrides(db: Database, names: readonly RuntimeSetting[] | null): Promise<void> {
  await db
    .delete(settingOverride)
    .where(
      and(
        ne(settingOverride.name, OVERRIDES_SWITCH),
        names === null ? undefined : inArray(settingOverride.name, [...names]),
      ),
    )
}

/** Whether overrides are switched on, which is the default. */
export async function areOverridesOn(db: Database): Promise<boolean> {
  const [row] = await db.select().from(settingOverride).where(eq(settingOverride.name, OVERRIDES_SWITCH))
  return row?.value !== '0'
}
