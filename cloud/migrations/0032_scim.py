"""Accounts as a school's directory knows them: its own name for each, and which it has removed."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLE = """
CREATE TABLE scim_account (
  account_id bigint PRIMARY KEY REFERENCES account (id),
  school_id bigint NOT NULL REFERENCES school (id),
  external_id text NOT NULL,         -- the directory's own; empty where it has none
  changed_at timestamptz NOT NULL,
  removed_at timestamptz             -- closed, and there no more for the directory
);
CREATE INDEX which_accounts_has_this_schools_directory ON scim_account (school_id);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0031_authorities")]
    operations = [ops.RunSQL(TABLE)]
