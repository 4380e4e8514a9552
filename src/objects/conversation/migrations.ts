/** Append-only: what has been deployed is never edited (see `platform/sqlite-migrations.ts`). */
export const conversationMigrations: readonly string[] = [
  /*
   * A written row is the dearest thing in the path of a message, so a message is exactly one: the seq is the rowid and
   * there is no second index. `stored_time` is this object's clock; it tells which messages a crash may have left
   * undelivered.
   */
  `
  CREATE TABLE chat (
    seq INTEGER PRIMARY KEY,
    client_msg_id TEXT NOT NULL,
    send_id TEXT NOT NULL,
    send_time INTEGER NOT NULL,
    stored_time INTEGER NOT NULL,
    msg BLOB NOT NULL
  );
  CREATE TABLE notification (
    seq INTEGER PRIMARY KEY,
    client_msg_id TEXT NOT NULL,
    send_id TEXT NOT NULL,
    send_time INTEGER NOT NULL,
    stored_time INTEGER NOT NULL,
    msg BLOB NOT NULL
  );
  CREATE TABLE member (
    user_id TEXT PRIMARY KEY
  ) WITHOUT ROWID;
  CREATE TABLE kind (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    session_type INTEGER NOT NULL,
    group_id TEXT NOT NULL
  );
  `,
  /*
   * How far each member has read (a receipt is a comparison, not a row per message and member), what single members
   * do not want to see any more, and what nobody sees any more.
   */
  `
  ALTER TABLE member ADD COLUMN read_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN recv_msg_opt INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN global_recv_msg_opt INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE read_alone (
    user_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, seq)
  ) WITHOUT ROWID;
  CREATE TABLE hidden (
    user_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, seq)
  ) WITHOUT ROWID;
  CREATE TABLE cleared (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    min_seq INTEGER NOT NULL
  );
  `,
  `
  CREATE TABLE undelivered (
    user_id TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    tries INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  /* What the check of a single message needs to know of the two; D1 has the original. */
  `
  ALTER TABLE member ADD COLUMN app_level INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN blocked_peer INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN befriended_peer INTEGER NOT NULL DEFAULT 0;
  `,
  // OpenIM's role in a group: 100 owner, 60 administrator, 20 member; 0 in a chat of two.
  `
  ALTER TABLE member ADD COLUMN role_level INTEGER NOT NULL DEFAULT 0;
  `,
  /*
   * A group's own state and its members' rights, changes that are on their way to D1, and the shards of large groups.
   * Who has left keeps the row, with what may still be read; `changed_time` tells whose bounds a crash may have kept
   * from them.
   */
  `
  ALTER TABLE member ADD COLUMN mute_end_time INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN min_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN left_seq INTEGER NOT NULL DEFAULT -1;
  ALTER TABLE member ADD COLUMN shard INTEGER NOT NULL DEFAULT -1;
  ALTER TABLE member ADD COLUMN changed_time INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE group_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    status INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    relayed INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO group_state (id, status, member_count)
    SELECT 1, 0, (SELECT count(*) FROM member) FROM kind WHERE group_id <> '';
  CREATE TABLE group_intent (
    id INTEGER PRIMARY KEY,
    change TEXT NOT NULL
  );
  CREATE TABLE shard (
    shard INTEGER PRIMARY KEY,
    members INTEGER NOT NULL
  );
  `,
  // Changes of what the two of a single chat are to each other that were begun and not reported as done.
  `
  CREATE TABLE relation_change (
    id INTEGER PRIMARY KEY,
    begun_time INTEGER NOT NULL
  );
  `,
  // What of an intent does not go into the first piece: a row holds 2 MB.
  `
  CREATE TABLE group_intent_part (
    intent_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (intent_id, part)
  ) WITHOUT ROWID;
  `,
  // Since when something is on its way that an earlier busy spell has left to the next one.
  `
  CREATE TABLE spell (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    since INTEGER NOT NULL
  );
  `,
]
