"""Maintenance windows that operators announce, and troubles that nobody is told of while one of them explains these."""

from tortoise import migrations
from tortoise.migrations import operations as ops

WINDOWS = """
CREATE TABLE maintenance_window (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
  planned_at timestamptz NOT NULL,
  cancelled_at timestamptz,
  CONSTRAINT one_window_at_a_time EXCLUDE USING gist (tstzrange(starts_at, ends_at) WITH &&)
    WHERE (cancelled_at IS NULL)
);
CREATE INDEX maintenance_window_which_end_ahead ON maintenance_window (ends_at) WHERE cancelled_at IS NULL;
ALTER TABLE trouble ADD COLUMN is_held boolean NOT NULL DEFAULT false; -- a window explains it: nobody is told yet
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0064_builder")]
    operations = [ops.RunSQL(WINDOWS)]
