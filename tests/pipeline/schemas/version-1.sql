-- SPDX-License-Identifier: Apache-2.0
-- A store of schema 1 as it was released: one open event, one ready action, one audit line.
-- Never edited; a new schema gets a file of its own.

CREATE TABLE events(
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  received_at INTEGER NOT NULL,
  source TEXT NOT NULL,
  source_type TEXT NOT NULL,
  kind INTEGER NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT,
  digest TEXT,
  media_type TEXT,
  actor TEXT,
  occurred_at INTEGER,
  delivery_key BLOB,
  delivery_id TEXT,
  not_actionable TEXT,
  verify INTEGER NOT NULL,
  state INTEGER NOT NULL,
  decided_by BLOB);
CREATE INDEX events_open ON events(seq) WHERE state = 0;

CREATE TABLE history(
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT,
  since INTEGER NOT NULL,
  until INTEGER,
  source TEXT NOT NULL,
  event BLOB NOT NULL,
  last_seq INTEGER NOT NULL,
  occurred_at INTEGER,
  verify INTEGER NOT NULL,
  verified INTEGER NOT NULL,
  PRIMARY KEY(repository, tag, seq)) WITHOUT ROWID;

CREATE TABLE waits(
  target TEXT NOT NULL,
  repository TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY(target, repository)) WITHOUT ROWID;

CREATE TABLE actions(
  id BLOB NOT NULL PRIMARY KEY,
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  repository TEXT NOT NULL,
  event BLOB NOT NULL,
  seq INTEGER NOT NULL,
  reason TEXT NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  created INTEGER NOT NULL,
  due INTEGER NOT NULL,
  error TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX actions_open ON actions(target, workload) WHERE state IN (1, 2, 3, 6);

CREATE TABLE action_changes(
  action BLOB NOT NULL,
  position INTEGER NOT NULL,
  container TEXT NOT NULL,
  from_image TEXT NOT NULL,
  to_image TEXT NOT NULL,
  from_digest TEXT,
  PRIMARY KEY(action, position)) WITHOUT ROWID;

CREATE TABLE audit(
  number INTEGER PRIMARY KEY,
  line TEXT NOT NULL);
CREATE TABLE audit_head(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  lines INTEGER NOT NULL,
  hash BLOB NOT NULL);
INSERT INTO audit_head VALUES(1, 0, zeroblob(32));

INSERT INTO events VALUES(1, x'019a0000000000000000000000000001', 1772366400000000, 'hub', 'dockerhub', 1,
  'docker.io/acme/shop', '1.4.2', NULL, NULL, 'anna', NULL, NULL, NULL, NULL, 0, 0, NULL);
INSERT INTO history VALUES('docker.io/acme/shop', '1.4.1', 0, NULL, 1772366400000000, NULL, 'hub',
  x'019a0000000000000000000000000000', 0, NULL, 0, 0);
INSERT INTO waits VALUES('prod', 'docker.io/acme/shop', 'not read yet', 1772366400000000, NULL);
INSERT INTO actions VALUES(x'019a0000000000000000000000000002', 'prod', 'shop', 'docker.io/acme/shop',
  x'019a0000000000000000000000000001', 1, 'newer', 1, 0, 1772366400000000, 1772366400000000, '');
INSERT INTO action_changes VALUES(x'019a0000000000000000000000000002', 0, 'web', 'acme/shop:1.4.1',
  'acme/shop:1.4.2', NULL);
INSERT INTO audit VALUES(1, '{"time":"2026-03-01T12:00:00.000000Z","step":"started"}');
UPDATE audit_head SET lines = 1, hash = zeroblob(32);
PRAGMA user_version = 1;
