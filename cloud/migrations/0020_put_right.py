"""Why the office posted something by hand, promises that were withdrawn, and up to where the books were checked."""

from tortoise import migrations
from tortoise.migrations import operations as ops

NOTES = """
CREATE TABLE ledger_note (
  key text PRIMARY KEY,              -- of the entry
  school_id bigint NOT NULL REFERENCES school (id),
  why text NOT NULL,
  noted_by text NOT NULL,
  noted_at timestamptz NOT NULL
);
CREATE INDEX what_was_posted_by_hand ON ledger_note (school_id, noted_at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_note
  EXECUTE FUNCTION ledger_is_append_only();
ALTER TABLE giving_back ADD COLUMN withdrawn_at timestamptz, ADD COLUMN withdrawn_by text NOT NULL DEFAULT '',
  ADD COLUMN withdrawn_why text NOT NULL DEFAULT '', ADD CHECK (paid_at IS NULL OR withdrawn_at IS NULL);
"""

CHECKS = """
CREATE TABLE ledger_check (
  school_id bigint PRIMARY KEY REFERENCES school (id),
  number bigint NOT NULL,            -- of the last entry that was checked and right
  checked_at timestamptz NOT NULL,
  whole_at timestamptz,              -- when all was added up from the first line on
  wrong text NOT NULL                -- what was found, as JSON
) WITH (fillfactor = 50);
CREATE TABLE ledger_checked (
  account_id bigint PRIMARY KEY,
  amount_tiyn bigint NOT NULL        -- the sum of its lines up to that number
) WITH (fillfactor = 70);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0019_kinds_of_rosters"), ("cloud", "0019_notices")]
    operations = [ops.RunSQL(NOTES), ops.RunSQL(CHECKS)]
