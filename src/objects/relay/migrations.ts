/** Append-only: never edit a step that was deployed (see `platform/storage/sqlite-migrations.ts`). */
export const relayMigrations: readonly string[] = [
  /*
   * The members of this shard (`member`), and the members that the relay takes as online (`listener`). A member who
   * connects is written at once, so that the member misses no message. The next delivery detects members who went
   * offline.
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
