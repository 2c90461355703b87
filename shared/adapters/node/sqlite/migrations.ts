/** The schema, one step per version; `PRAGMA user_version` counts them. Steps are only ever added. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE queue (
    id TEXT PRIMARY KEY,
    work TEXT NOT NULL,
    available_at_ms INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    lease TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX queue_by_time ON queue (available_at_ms);

  CREATE TABLE dead_letters (
    id TEXT PRIMARY KEY,
    work TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE subscriptions (
    id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    check_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX subscriptions_by_check ON subscriptions (check_at_ms) WHERE check_at_ms IS NOT NULL;

  CREATE TABLE outbox_due (
    receiver TEXT NOT NULL,
    subscription TEXT NOT NULL,
    due_at_ms INTEGER NOT NULL,
    PRIMARY KEY (receiver, subscription)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX outbox_due_by_time ON outbox_due (due_at_ms);
  CREATE INDEX outbox_due_by_subscription ON outbox_due (subscription);

  CREATE TABLE records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at_ms INTEGER NOT NULL,
    subscription TEXT NOT NULL,
    decision TEXT NOT NULL,
    repository TEXT,
    outcome TEXT,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX records_by_subscription ON records (subscription, sequence);
  CREATE INDEX records_by_decision ON records (decision, sequence);
  CREATE INDEX records_by_repository ON records (repository, sequence);
  CREATE INDEX records_by_time ON records (at_ms);

  CREATE TABLE done (
    key TEXT PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE documents (
    key TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    lease_until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // In order of arrival, and without an index on pushes' ids, which are hashes: rows of one commit share pages instead
  // of touching one each. A push that is sent twice is then kept twice; evaluating it recognises the second one.
  `
  CREATE TABLE queue_in_order (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    work TEXT NOT NULL,
    available_at_ms INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    lease TEXT
  ) STRICT;
  INSERT INTO queue_in_order (id, kind, work, available_at_ms, receives, lease)
    SELECT id, work ->> 'kind', work, available_at_ms, receives, lease FROM queue ORDER BY available_at_ms, id;
  DROP TABLE queue;
  ALTER TABLE queue_in_order RENAME TO queue;
  CREATE INDEX queue_by_time ON queue (available_at_ms);
  CREATE UNIQUE INDEX queue_by_id ON queue (id) WHERE kind <> 'push';
  `,
  // Each kind is received on its own, so that one that piles up does not hide another.
  `
  DROP INDEX queue_by_time;
  CREATE INDEX queue_by_kind ON queue (kind, available_at_ms);
  `,
  // A receiver's requests, however many others were told since.
  `
  ALTER TABLE records ADD COLUMN receiver TEXT;
  UPDATE records SET receiver = record ->> 'receiver' WHERE record ->> 'kind' = 'attempt';
  CREATE INDEX records_by_receiver ON records (receiver, sequence) WHERE receiver IS NOT NULL;
  `,
];
