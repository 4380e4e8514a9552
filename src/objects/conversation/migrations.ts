/** Append-only: never edit a step that was deployed (see `platform/storage/sqlite-migrations.ts`). */
export const conversationMigrations: readonly string[] = [
  /*
   * Written rows are the largest cost of a message, so each message is exactly one row: the seq is the rowid, and there
   * is no second index. `stored_time` is this object's clock; it shows which messages a crash may have left
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
   * The read position of each member: a receipt is a comparison of positions, not a row per message and member. Table
   * `read_alone` has single read messages beyond the position, `hidden` the messages that one member deleted, and
   * `cleared` the seq below which no member reads.
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
  /* Facts about the pair that the send check of a one-to-one message needs; D1 has the originals. */
  `
  ALTER TABLE member ADD COLUMN app_level INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN blocked_peer INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE member ADD COLUMN befriended_peer INTEGER NOT NULL DEFAULT 0;
  `,
  // OpenIM's role in a group: 100 owner, 60 administrator, 20 member; 0 in a one-to-one chat.
  `
  ALTER TABLE member ADD COLUMN role_level INTEGER NOT NULL DEFAULT 0;
  `,
  /*
   * The state of a group, the rights of its members, the intents of changes, and the shards of large groups. A user who
   * left keeps the row, because it bounds the messages that the user may still read. `changed_time` shows which users
   * may miss their new bounds after a crash.
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
  // Changes of the relations between the users of a pair that were begun and whose end is not reported.
  `
  CREATE TABLE relation_change (
    id INTEGER PRIMARY KEY,
    begun_time INTEGER NOT NULL
  );
  `,
  // The pieces of an intent after the first: a row holds at most 2 MB.
  `
  CREATE TABLE group_intent_part (
    intent_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (intent_id, part)
  ) WITHOUT ROWID;
  `,
  // The storage time of the oldest message that an earlier busy period left in flight. A `spell` is a busy period.
  `
  CREATE TABLE spell (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    since INTEGER NOT NULL
  );
  `,
  // The newest message that mentions a member of a group: a row for each named member, and two for all members together.
  `
  CREATE TABLE mention (
    user_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    at_type INTEGER NOT NULL,
    send_id TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  // How long the messages of each user of a private chat stay after they were read, and the read ones with their end (ms).
  `
  CREATE TABLE burn_setting (
    user_id TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (user_id, from_seq)
  ) WITHOUT ROWID;
  CREATE TABLE burn (
    seq INTEGER PRIMARY KEY,
    due INTEGER NOT NULL
  );
  `,
]
