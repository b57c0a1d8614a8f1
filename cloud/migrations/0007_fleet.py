"""The tables of the fleet: what devices are told to do, how they are, and when they last came."""

from tortoise import migrations
from tortoise.migrations import operations as ops

COMMANDS = """
CREATE TABLE device_command (
  id text PRIMARY KEY,             -- as on the wire
  school_id bigint NOT NULL,
  device_id bigint NOT NULL,
  counter bigint NOT NULL,
  action text NOT NULL,
  gate text,                       -- NULL: every gate of the device
  reason text NOT NULL,
  asked_by text NOT NULL,          -- as in the audit journal
  asked_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  sent_at timestamptz,             -- last
  sent_count integer NOT NULL DEFAULT 0,
  outcome text NOT NULL DEFAULT '',
  done_at timestamptz,             -- by the device, corrected
  answered_at timestamptz,
  UNIQUE (device_id, counter)
);
CREATE INDEX which_commands_wait ON device_command (expires_at) WHERE outcome = '';
CREATE INDEX which_commands_are_old ON device_command (asked_at);
"""

HEALTH = """
CREATE TABLE device_health (
  device_id bigint NOT NULL,
  at timestamptz NOT NULL,         -- corrected
  uptime_s bigint NOT NULL,
  unsent bigint NOT NULL,
  disk_free_mb bigint,
  temperature_c smallint,
  wear_pct smallint,
  signal_dbm smallint,
  PRIMARY KEY (device_id, at)
);
CREATE INDEX which_health_is_old ON device_health (at);
CREATE TABLE device_contact (
  device_id bigint PRIMARY KEY,
  recorded_at timestamptz,         -- when its records last came, taken or not
  acked_at timestamptz,            -- when they were last acknowledged
  epoch text NOT NULL DEFAULT ''   -- of those
) WITH (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0007_cards")]
    operations = [ops.RunSQL(COMMANDS), ops.RunSQL(HEALTH)]
