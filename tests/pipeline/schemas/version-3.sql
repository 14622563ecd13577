-- SPDX-License-Identifier: Apache-2.0
-- A store of schema 3 as it was released: as version 2, with a rollout that is watched.
-- Never edited; a new schema gets a file of its own.
BEGIN;
CREATE TABLE action_changes(
  action BLOB NOT NULL,
  position INTEGER NOT NULL,
  container TEXT NOT NULL,
  from_image TEXT NOT NULL,
  to_image TEXT NOT NULL,
  from_digest TEXT, to_digest TEXT,
  PRIMARY KEY(action, position)) WITHOUT ROWID;
INSERT INTO "action_changes" VALUES(X'019A0000000000000000000000000002',0,'web','acme/shop:1.4.1','acme/shop:1.4.2',NULL,NULL);
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
  error TEXT NOT NULL, way_back INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO "actions" VALUES(X'019A0000000000000000000000000002','prod','shop','docker.io/acme/shop',X'019A0000000000000000000000000001',1,'newer',1,0,1772366400000000,1772366400000000,'',0);
CREATE TABLE audit(
  number INTEGER PRIMARY KEY,
  line TEXT NOT NULL);
INSERT INTO "audit" VALUES(1,'{"time":"2026-03-01T12:00:00.000000Z","step":"started"}');
CREATE TABLE audit_head(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  lines INTEGER NOT NULL,
  hash BLOB NOT NULL);
INSERT INTO "audit_head" VALUES(1,1,X'0000000000000000000000000000000000000000000000000000000000000000');
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
INSERT INTO "events" VALUES(1,X'019A0000000000000000000000000001',1772366400000000,'hub','dockerhub',1,'docker.io/acme/shop','1.4.2',NULL,NULL,'anna',NULL,NULL,NULL,NULL,0,0,NULL);
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
  verified INTEGER NOT NULL, listed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(repository, tag, seq)) WITHOUT ROWID;
INSERT INTO "history" VALUES('docker.io/acme/shop','1.4.1',0,NULL,1772366400000000,NULL,'hub',X'019A0000000000000000000000000000',0,NULL,0,0,0);
CREATE TABLE holds(
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  container TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  digest TEXT NOT NULL,
  and_below INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(target, workload, container, repository, tag, digest)) WITHOUT ROWID;
INSERT INTO "holds" VALUES('manifests','shop.yaml Deployment shop','','docker.io/acme/shop','1.4.4','',0,'it crashed','alice',1790000000000000);
CREATE TABLE listed(
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  PRIMARY KEY(repository, tag)) WITHOUT ROWID;
INSERT INTO "listed" VALUES('docker.io/acme/shop','1.4.2',1790000000000000);
CREATE TABLE pauses(
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY(target, workload)) WITHOUT ROWID;
INSERT INTO "pauses" VALUES('manifests','','maintenance','alice',1790000000000000);
CREATE TABLE rollout_parts(
  rollout BLOB NOT NULL,
  position INTEGER NOT NULL,
  container TEXT NOT NULL,
  to_image TEXT NOT NULL,
  digest TEXT,
  back_image TEXT,
  back_digest TEXT,
  PRIMARY KEY(rollout, position)) WITHOUT ROWID;
INSERT INTO "rollout_parts" VALUES(X'0198A0000000000000000000000000AA',0,'web','docker.io/acme/shop:1.4.2','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','docker.io/acme/shop:1.4.1','sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb');
CREATE TABLE rollouts(
  id BLOB NOT NULL PRIMARY KEY,
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  repository TEXT NOT NULL,
  event BLOB NOT NULL,
  mark TEXT NOT NULL,
  way_back INTEGER NOT NULL,
  state INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER,
  reason TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "rollouts" VALUES(X'0198A0000000000000000000000000AA','prod','Deployment shop/web','docker.io/acme/shop',X'019A0000000000000000000000000001','7',0,1,1790000000000000,NULL,'');
CREATE TABLE waits(
  target TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  reason TEXT NOT NULL,
  since INTEGER NOT NULL,
  due INTEGER,
  PRIMARY KEY(target, repository, tag)) WITHOUT ROWID;
INSERT INTO "waits" VALUES('','docker.io/acme/shop','1.4.3','registry-1.docker.io does not answer',1790000000000000,NULL);
CREATE TABLE written(
  target TEXT NOT NULL,
  workload TEXT NOT NULL,
  container TEXT NOT NULL,
  image TEXT NOT NULL,
  from_image TEXT NOT NULL,
  from_digest TEXT,
  action BLOB NOT NULL,
  at INTEGER NOT NULL, digest TEXT,
  PRIMARY KEY(target, workload, container)) WITHOUT ROWID;
INSERT INTO "written" VALUES('manifests','shop.yaml Deployment shop','web','docker.io/acme/shop:1.4.2','docker.io/acme/shop:1.4.1',NULL,X'0198A0000000000000000000000000AA',1790000000000000,NULL);
CREATE INDEX events_open ON events(seq) WHERE state = 0;
CREATE INDEX actions_open ON actions(target, workload) WHERE state IN (1, 2, 3, 6);
CREATE INDEX actions_repository ON actions(repository);
CREATE INDEX rollouts_watched ON rollouts(id) WHERE state = 1;
CREATE INDEX rollouts_workload ON rollouts(target, workload);
PRAGMA user_version = 3;
COMMIT;
