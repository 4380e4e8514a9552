/**
 * Append-only: a deployed step is never edited (see `platform/storage/sqlite-migrations.ts`). Some stored names are
 * older than the terms of the code:
 *
 * | stored                                 | in the code                                             |
 * |----------------------------------------|---------------------------------------------------------|
 * | log_mark, log_mark.dirty               | seq cursors, the unread mark of a log                   |
 * | log_mark.cap_seq, log_mark.bound_seq   | the upper bound set by a group, by an administrator     |
 * | presence_watcher                       | presence subscribers of this user                       |
 * | presence_subscription                  | users whose presence this user's connections follow     |
 * | send_note                              | send status of REST calls                               |
 * | bell, bell.rung_for                    | push state, the newest pushed seq of each conversation  |
 */
export const userMigrations: readonly string[] = [
  /*
   * Tables with a text key are WITHOUT ROWID: in an ordinary table, each insert would also write a row of the key's
   * index, which is billed.
   *
   * log_mark has for each log the newest seq that the conversation last answered, the owner's bounds and read position,
   * and the unread mark (`dirty`). A message writes here only when its log is not marked yet.
   */
  `
  CREATE TABLE session (
    platform_id INTEGER NOT NULL,
    token_key TEXT NOT NULL,
    state INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    grace_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (platform_id, token_key)
  ) WITHOUT ROWID;
  CREATE TABLE conversation (
    conversation_id TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    conversation_type INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    recv_msg_opt INTEGER NOT NULL DEFAULT 0,
    is_pinned INTEGER NOT NULL DEFAULT 0,
    attached_info TEXT NOT NULL DEFAULT '',
    is_private_chat INTEGER NOT NULL DEFAULT 0,
    group_at_type INTEGER NOT NULL DEFAULT 0,
    ex TEXT NOT NULL DEFAULT '',
    burn_duration INTEGER NOT NULL DEFAULT 0,
    msg_destruct_time INTEGER NOT NULL DEFAULT 0,
    latest_msg_destruct_time INTEGER NOT NULL DEFAULT 0,
    is_msg_destruct INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE TABLE log_mark (
    conversation_id TEXT PRIMARY KEY,
    home TEXT NOT NULL,
    max_seq INTEGER NOT NULL DEFAULT 0,
    max_seq_time INTEGER NOT NULL DEFAULT 0,
    min_seq INTEGER NOT NULL DEFAULT 0,
    cap_seq INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    dirty INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE TABLE conversation_version (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version_id TEXT NOT NULL,
    version INTEGER NOT NULL
  );
  CREATE TABLE conversation_change (
    conversation_id TEXT PRIMARY KEY,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE presence_watcher (
    user_id TEXT PRIMARY KEY
  ) WITHOUT ROWID;
  CREATE TABLE presence_subscription (
    conn_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (user_id, conn_id)
  ) WITHOUT ROWID;
  `,
  `
  CREATE TABLE send_note (
    day INTEGER NOT NULL,
    operation TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (day, operation)
  ) WITHOUT ROWID;
  `,
  // The relay that delivers a large group; every sync asks such a group for its newest seqs.
  `
  ALTER TABLE log_mark ADD COLUMN relay TEXT NOT NULL DEFAULT '';
  `,
  `
  CREATE TABLE bell (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    global_recv_msg_opt INTEGER NOT NULL,
    badge INTEGER NOT NULL,
    rung_for TEXT NOT NULL
  );
  `,
  // The newest seq that an administrator lets the owner read; 0 = no bound. The bound that a group sets is cap_seq.
  `
  ALTER TABLE log_mark ADD COLUMN bound_seq INTEGER NOT NULL DEFAULT 0;
  `,
  // The message that a call was about to send; an empty home means that the call has sent its message.
  `
  ALTER TABLE send_note ADD COLUMN home TEXT NOT NULL DEFAULT '';
  ALTER TABLE send_note ADD COLUMN send_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE send_note ADD COLUMN client_msg_id TEXT NOT NULL DEFAULT '';
  `,
  // The newest message of a group that set `group_at_type`; the owner may have reset it since.
  `
  ALTER TABLE conversation ADD COLUMN at_seq INTEGER NOT NULL DEFAULT 0;
  `,
  // The conversations whose messages the owner lets end after a time, and when the next one ends (ms; null = no message).
  `
  CREATE TABLE self_destruct (
    conversation_id TEXT PRIMARY KEY,
    seconds INTEGER NOT NULL,
    due INTEGER
  ) WITHOUT ROWID;
  INSERT INTO self_destruct (conversation_id, seconds, due)
    SELECT conversation_id, msg_destruct_time, 0 FROM conversation WHERE is_msg_destruct = 1 AND msg_destruct_time > 0;
  `,
]
