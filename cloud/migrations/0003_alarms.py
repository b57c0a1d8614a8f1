"""One table of alarms in the place of ingest's own, whose rows move there."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ALARMS = """
CREATE TABLE alarm (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint,          -- NULL: of no school, for operators alone
  school text NOT NULL,      -- the code it came under, where a message named one
  device text NOT NULL,
  kind text NOT NULL,
  severity smallint NOT NULL,
  detail text NOT NULL,
  count bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by text NOT NULL DEFAULT '' -- the account's name, as in the audit journal
);
CREATE UNIQUE INDEX is_there_an_open_alarm_like_this ON alarm (device, kind, (coalesce(school_id, 0)))
  WHERE acknowledged_at IS NULL;
CREATE INDEX what_alarms_has_this_school ON alarm (school_id, last_at);
CREATE INDEX which_alarms_are_old ON alarm (last_at);
"""

MOVED = """
INSERT INTO alarm (school_id, school, device, kind, severity, detail, count, first_at, last_at, acknowledged_at)
SELECT device.school_id, ingest_alarm.school, ingest_alarm.device, code, 2, detail, count, first_at, last_at, last_at
FROM ingest_alarm LEFT JOIN device ON device.name = ingest_alarm.device;
DROP TABLE ingest_alarm;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0002_records")]
    operations = [ops.RunSQL(ALARMS), ops.RunSQL(MOVED)]
