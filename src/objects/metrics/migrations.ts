/** Append-only: never edit a step that was deployed (see `platform/storage/sqlite-migrations.ts`). */
export const metricsMigrations: readonly string[] = [
  `
  CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    counts TEXT NOT NULL
  );
  `,
]
