"""What PostgreSQL noted of itself, collected from its log, and how far security events went to a collector."""

from tortoise import migrations
from tortoise.migrations import operations as ops

EVENTS = """
CREATE TABLE database_event (        -- of PostgreSQL's own log: rights, guards, failures, starts and stops
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  who text NOT NULL,
  told text NOT NULL,
  UNIQUE (at, kind, who, told)
);
CREATE TABLE syslog_cursor (         -- one row: what went to the collector of the settings
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  since timestamptz NOT NULL,        -- everything before it went
  told jsonb NOT NULL                -- what went of the time after it
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0061_monitoring")]
    operations = [ops.RunSQL(EVENTS)]
