/** Append-only: what has been deployed is never edited (see `platform/sqlite-migrations.ts`). */
export const relayMigrations: readonly string[] = [
  /*
   * Who belongs to this shard, and who of them is taken to listen. Somebody who comes is written down at once, so that
   * no message passes them by; somebody who has gone is found out by the next message.
   */
  `
  CREATE TABLE member (
    user_id TEXT PRIMARY KEY
  ) WITHOUT ROWID;
  CREATE TABLE listener (
    user_id TEXT PRIMARY KEY
  ) WITHOUT ROWID;
  `,
]
