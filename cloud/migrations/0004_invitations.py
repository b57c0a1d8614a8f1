"""The codes by which devices enrol: what is kept of each, and what became of it."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INVITATIONS = """
CREATE TABLE invitation (
  id text PRIMARY KEY,               -- 16 hex digits, made of the code's token one way
  school_id bigint NOT NULL REFERENCES school (id),
  device text NOT NULL,              -- the name that the device will have
  gates text[] NOT NULL,             -- keys; the first is the door where it hangs
  is_hub boolean NOT NULL,
  hub_host text NOT NULL,            -- empty: the school has no hub
  hub_port integer NOT NULL,
  keys_encrypted bytea NOT NULL,     -- made of the token one way: what is asked and answered is signed and sealed with
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,          -- the account's name, as in the audit journal
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  key_digest text,                   -- of the public key of the device that used it
  cancelled_at timestamptz
);
CREATE INDEX what_became_of_the_codes_of_this_school ON invitation (school_id, created_at);
CREATE INDEX who_is_promised_this_name ON invitation (device text_pattern_ops);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0003_alarms")]
    operations = [ops.RunSQL(INVITATIONS)]
