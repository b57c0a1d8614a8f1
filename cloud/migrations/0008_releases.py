"""Releases of the programs at schools with their payloads, which device runs which, and how far each rollout is."""

from tortoise import migrations
from tortoise.migrations import operations as ops

RELEASES = """
CREATE TABLE release (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product text NOT NULL,
  board text NOT NULL,
  counter bigint NOT NULL,
  version text NOT NULL,
  size bigint NOT NULL,
  manifest bytea NOT NULL,        -- the file as it was signed
  notes_kk text NOT NULL,
  notes_ru text NOT NULL,
  notes_en text NOT NULL,
  added_at timestamptz NOT NULL,
  UNIQUE (product, board, counter)
);
CREATE TABLE release_block (
  release_id bigint NOT NULL REFERENCES release ON DELETE CASCADE,
  number integer NOT NULL,
  content bytea NOT NULL,         -- 256 KiB, the last one less
  PRIMARY KEY (release_id, number)
);
ALTER TABLE release_block ALTER COLUMN content SET STORAGE EXTERNAL;
"""

ROLLOUTS = """
CREATE TABLE rollout (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release_id bigint NOT NULL UNIQUE REFERENCES release ON DELETE RESTRICT,
  state text NOT NULL,            -- running, paused, stopped or aborted
  stage text NOT NULL,
  first_device_id bigint NOT NULL REFERENCES device ON DELETE RESTRICT,
  started_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL
);
CREATE TABLE rollout_device (
  rollout_id bigint NOT NULL REFERENCES rollout ON DELETE CASCADE,
  device_id bigint NOT NULL REFERENCES device ON DELETE CASCADE,
  offered_at timestamptz NOT NULL,
  tried_at timestamptz,           -- it said that it begins
  done_at timestamptz,            -- it said that it runs, after an ack
  failed_at timestamptz,
  why text NOT NULL DEFAULT '',
  forgiven_at timestamptz,        -- an operator went on in spite of it
  PRIMARY KEY (rollout_id, device_id)
);
CREATE TABLE device_program (
  device_id bigint PRIMARY KEY REFERENCES device ON DELETE CASCADE,
  product text NOT NULL,
  board text NOT NULL,
  counter bigint NOT NULL,        -- of the release that it runs; 0 for one that was installed by hand
  asked_at timestamptz NOT NULL
);
CREATE INDEX which_devices_run_this_product ON device_program (product, board, counter);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0007_fleet")]
    operations = [ops.RunSQL(RELEASES), ops.RunSQL(ROLLOUTS)]
