"""Requests to put data right are sealed, and a rule of retention tells first what it would delete."""

from tortoise import migrations
from tortoise.migrations import operations as ops

REQUESTS = """
ALTER TABLE correction_request
  DROP COLUMN is_wrong, DROP COLUMN would_be_right, DROP COLUMN answer,
  ADD COLUMN is_wrong_encrypted bytea NOT NULL,
  ADD COLUMN would_be_right_encrypted bytea NOT NULL,
  ADD COLUMN answer_encrypted bytea;
"""
PLANS = """
CREATE TABLE deletion_plan (
  school_id bigint NOT NULL REFERENCES school,
  rule text NOT NULL,
  told_at timestamptz NOT NULL,   -- when the rule found something at this school for the first time
  begins_at timestamptz NOT NULL, -- nothing is deleted by the rule before
  before date NOT NULL,           -- at the last look: what is older than this day
  counts jsonb NOT NULL,          -- and how many rows of each table that would be
  PRIMARY KEY (school_id, rule)
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0035_students")]
    operations = [ops.RunSQL(REQUESTS), ops.RunSQL(PLANS)]
