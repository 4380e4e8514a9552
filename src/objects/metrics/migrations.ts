/** Append-only: what has been deployed is never edited (see `platform/sqlite-migrations.ts`). */
export const metricsMigrations: readonly string[] = [
  `
  CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    counts TEXT NOT NULL
  );
  `,
]
