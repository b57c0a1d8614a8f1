"""Servers as they are and were, the service's processes, and what is wrong with them until it ends."""

from tortoise import migrations
from tortoise.migrations import operations as ops

MONITORING = """
CREATE TABLE server_reading (        -- a server as it is now
  server text PRIMARY KEY,
  at timestamptz NOT NULL,
  told jsonb NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE server_minute (         -- a server as it was; shares in per cent
  server text NOT NULL,
  at timestamptz NOT NULL,           -- the minute's beginning
  processor real NOT NULL,
  load real NOT NULL,                -- programs that want to run, for each processor
  memory real NOT NULL,
  disk real NOT NULL,                -- of the fullest
  received bigint NOT NULL,          -- bytes a second
  sent bigint NOT NULL,
  PRIMARY KEY (server, at)
);
CREATE INDEX which_minutes_are_old ON server_minute (at);
CREATE TABLE service_process (       -- web processes and workers
  name text PRIMARY KEY,
  server text NOT NULL,
  part text NOT NULL CHECK (part IN ('web', 'worker')),
  pid int NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  has_turn boolean NOT NULL,         -- does the work that one does for all
  failing text[] NOT NULL            -- parts of a worker that fail again and again
) WITH (fillfactor = 50);
CREATE TABLE reader_watch (          -- since when a reader stands at a position
  name text NOT NULL,
  shard smallint NOT NULL,
  position bigint NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (name, shard)
) WITH (fillfactor = 50);
CREATE TABLE trouble (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,             -- which server, disk, reader
  severity smallint NOT NULL,
  detail text NOT NULL,
  began_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE UNIQUE INDEX one_trouble_at_a_time ON trouble (kind, subject) WHERE ended_at IS NULL;
CREATE INDEX which_troubles_were ON trouble (began_at);
CREATE TABLE trouble_message (
  trouble_id bigint NOT NULL REFERENCES trouble ON DELETE CASCADE,
  stage text NOT NULL CHECK (stage IN ('began', 'over')),
  target text NOT NULL,              -- a digest: addresses stand in the settings alone
  next_at timestamptz NOT NULL,
  tries int NOT NULL DEFAULT 0,
  sent_at timestamptz,
  failed text NOT NULL DEFAULT '',
  PRIMARY KEY (trouble_id, stage, target)
);
CREATE INDEX which_troubles_are_to_be_told ON trouble_message (next_at) WHERE sent_at IS NULL AND failed = '';
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0060_attendance_reports")]
    operations = [ops.RunSQL(MONITORING)]
